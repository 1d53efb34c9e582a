/** The page's own words. What an app says comes from its manifest; these are the words around it. */
export interface Texts {
  readonly send: string;
  readonly reset: string;
  readonly optional: string;
  readonly choose: string;
  readonly message: string;
  readonly chatPlaceholder: string;
  readonly you: string;
  readonly earlierTurns: string;
  readonly newConversation: string;
  readonly answer: string;
  readonly result: string;
  readonly running: string;
  readonly done: string;
  readonly retry: string;
  readonly again: string;
  readonly copy: string;
  readonly copied: string;
  readonly noRows: string;
  readonly asTable: string;
  /** What kinds of files a field takes. */
  readonly fileTypes: string;
  readonly uploading: string;
  readonly reconnecting: string;
  /** The run waits: for a time, or for somebody's answer. */
  readonly waiting: string;
  readonly waitingUntil: string;
  readonly waitingForAnswer: string;
  /** The page of a run that goes on loads itself anew. */
  readonly looksAgain: string;
  readonly checkFields: string;
  readonly offlineModel: string;
  readonly failed: string;
  readonly disconnected: string;
  readonly waitSeconds: string;
  readonly signIn: string;
  readonly signOut: string;
  readonly signedOut: { readonly title: string; readonly detail: string };
  /** On the way from the platform back to an app at `{host}`. */
  readonly goingBack: { readonly title: string; readonly detail: string };
  readonly goOn: string;
  readonly password: string;
  readonly passwordLead: string;
  readonly passwordWrong: string;
  /** On the page of an app that is for programs. */
  readonly keyLead: string;
  readonly keyExample: string;
  readonly requestId: string;
  readonly madeWith: string;
  /** What a step is called when it has no title, by node type. */
  readonly steps: Readonly<Record<string, string>>;
  readonly step: string;
  /** What is wrong with a field, by fault code. `message` of the fault is used for the rest. */
  readonly faults: Readonly<Record<string, string>>;
  /** What went wrong, by error code: a heading and a sentence. */
  readonly errors: Readonly<Record<string, { readonly title: string; readonly detail: string }>>;
  readonly unexpected: { readonly title: string; readonly detail: string };
}

const en: Texts = {
  send: "Send",
  reset: "Start over",
  optional: "optional",
  choose: "Choose…",
  message: "Message",
  chatPlaceholder: "Write a message…",
  you: "You",
  earlierTurns: "What was said before this is remembered in short.",
  newConversation: "New conversation",
  answer: "Answer",
  result: "Result",
  running: "Working on it…",
  done: "Done.",
  retry: "Try again",
  again: "Back to the app",
  copy: "Copy",
  copied: "Copied",
  noRows: "There is nothing to show.",
  asTable: "Show as a table",
  fileTypes: "Takes: {types}",
  uploading: "Uploading…",
  reconnecting: "The connection was lost. Reconnecting…",
  waiting: "Waiting…",
  waitingUntil: "Waiting until {time}",
  waitingForAnswer: "Waiting for somebody's answer",
  looksAgain: "This page looks for the result every few seconds.",
  checkFields: "Please check the marked fields.",
  offlineModel: "Answered by the built-in offline model",
  failed: "That did not work.",
  disconnected: "The connection was lost. Check your network and try again.",
  waitSeconds: "You can try again in {seconds} s.",
  signIn: "Sign in",
  signOut: "Sign out",
  signedOut: { title: "You are signed out", detail: "Of this app only: your account may still be signed in elsewhere." },
  goingBack: { title: "You are signed in", detail: "Going back to {host}…" },
  goOn: "Go on",
  password: "Password",
  passwordLead: "This app asks for its password.",
  passwordWrong: "That is not the password.",
  keyLead: "This app is used by programs, with an API key of its workspace. It has no page.",
  keyExample: "For example, with a key in $AGENTFLOW_KEY:",
  requestId: "Request",
  madeWith: "Made with AgentFlow",
  step: "Working",
  steps: {
    intent: "Understanding your message",
    llm: "Thinking",
    generate: "Writing",
    agent: "Working on your request",
    db: "Working with the data",
    http: "Asking another service",
    condition: "Deciding",
    switch: "Deciding",
    template: "Putting it together",
    transform: "Putting it together",
    code: "Calculating",
    loop: "Going through the list",
    subflow: "Asking another app",
    wait: "Taking a pause",
    approval: "Asking for approval",
  },
  faults: { required: "Please fill this in." },
  errors: {
    not_found: { title: "There is nothing here", detail: "The address may be mistyped, or the app has moved." },
    misdirected_request: {
      title: "No app lives at this address",
      detail: "The name leads here, but no app is connected to it yet, or no longer. If it is yours, look at the app's domains.",
    },
    not_available: { title: "Not available right now", detail: "This app is not published at the moment. Please come back later." },
    access_denied: { title: "For members only", detail: "This app is for the members of its workspace." },
    forbidden: { title: "Not allowed", detail: "You may not use this app." },
    unauthenticated: { title: "Please sign in", detail: "Your sign-in is missing or has ended." },
    blocked: { title: "Not available to you", detail: "This app cannot be used from where you are." },
    captcha_required: {
      title: "Please confirm that you are human",
      detail: "This check needs JavaScript. If none appears, load this page again and try once more.",
    },
    hand_off_refused: {
      title: "That sign-in did not work",
      detail: "It was used already, took too long, or was meant for another address. Please sign in again.",
    },
    rate_limited: { title: "A little slower, please", detail: "There were too many requests in a short time." },
    overloaded: { title: "Very busy right now", detail: "Many people are using this app. Please try again in a moment." },
    quota_exceeded: { title: "The limit is reached", detail: "This app has used up what it may use for now." },
    payload_too_large: { title: "Too much at once", detail: "What you sent is too large." },
    unsupported_media_type: { title: "Please choose another file", detail: "Files of this kind cannot be used here." },
    validation_failed: { title: "Please check your input", detail: "Some fields are not right yet." },
    method_not_allowed: { title: "That does not work here", detail: "This address cannot be used that way." },
    node_failed: { title: "A step did not work", detail: "The app could not finish. Please try again." },
    node_timeout: { title: "That took too long", detail: "A step did not answer in time. Please try again." },
    run_timeout: { title: "That took too long", detail: "The app did not finish in time. Please try again." },
    model_unavailable: { title: "The model is busy", detail: "It could not be reached. Please try again in a moment." },
    model_failed: { title: "The model could not answer", detail: "Please try again, perhaps in other words." },
    database_unavailable: { title: "The data is out of reach", detail: "Please try again in a moment." },
    upstream_unavailable: {
      title: "Not available right now",
      detail: "Something we depend on is out of reach. Please try again in a moment.",
    },
  },
  unexpected: { title: "Something went wrong", detail: "It has been noted. Please try again." },
};

const zh: Texts = {
  send: "发送",
  reset: "重新开始",
  optional: "选填",
  choose: "请选择…",
  message: "消息",
  chatPlaceholder: "请输入消息…",
  you: "你",
  earlierTurns: "更早的对话只保留了摘要。",
  newConversation: "新对话",
  answer: "回答",
  result: "结果",
  running: "正在处理…",
  done: "完成。",
  retry: "重试",
  again: "返回应用",
  copy: "复制",
  copied: "已复制",
  noRows: "没有可显示的内容。",
  asTable: "以表格显示",
  fileTypes: "支持：{types}",
  uploading: "正在上传…",
  reconnecting: "连接已断开，正在重新连接…",
  waiting: "等待中…",
  waitingUntil: "等待至 {time}",
  waitingForAnswer: "正在等待答复",
  looksAgain: "此页面每隔几秒会自动查看结果。",
  checkFields: "请检查标出的字段。",
  offlineModel: "由内置离线模型回答",
  failed: "操作没有成功。",
  disconnected: "连接已断开，请检查网络后重试。",
  waitSeconds: "{seconds} 秒后可以重试。",
  signIn: "登录",
  signOut: "退出登录",
  signedOut: { title: "你已退出登录", detail: "仅退出了此应用；你的账号在别处可能仍处于登录状态。" },
  goingBack: { title: "登录成功", detail: "正在返回 {host}…" },
  goOn: "继续",
  password: "密码",
  passwordLead: "使用此应用需要密码。",
  passwordWrong: "密码不正确。",
  keyLead: "此应用供程序使用，需要所属工作区的 API 密钥，没有页面。",
  keyExample: "例如，密钥在 $AGENTFLOW_KEY 中：",
  requestId: "请求编号",
  madeWith: "由 AgentFlow 制作",
  step: "处理中",
  steps: {
    intent: "正在理解你的消息",
    llm: "正在思考",
    generate: "正在撰写",
    agent: "正在处理你的请求",
    db: "正在处理数据",
    http: "正在询问其他服务",
    condition: "正在判断",
    switch: "正在判断",
    template: "正在整理",
    transform: "正在整理",
    code: "正在计算",
    loop: "正在逐项处理",
    subflow: "正在询问其他应用",
    wait: "暂停一下",
    approval: "正在等待批准",
  },
  faults: {
    required: "请填写此项。",
    not_allowed: "请从给出的选项中选择。",
    too_small: "数值太小。",
    too_big: "数值太大。",
    too_short: "内容太短。",
    too_long: "内容太长。",
    invalid_format: "格式不正确。",
    invalid_pattern: "格式不正确。",
    invalid_type: "类型不正确。",
    unknown_file: "文件已失效，请重新上传。",
    unsupported_file: "不支持这种文件。",
    too_large: "文件太大。",
    too_many_files: "请只选择一个文件。",
  },
  errors: {
    not_found: { title: "这里什么也没有", detail: "地址可能有误，或者应用已经移走。" },
    misdirected_request: {
      title: "此地址没有应用",
      detail: "域名已指向这里，但尚未连接应用，或已不再连接。如果域名归你所有，请在应用的“域名”中查看。",
    },
    not_available: { title: "暂时无法使用", detail: "该应用目前没有发布，请稍后再来。" },
    access_denied: { title: "仅限成员", detail: "该应用仅供所属工作区的成员使用。" },
    forbidden: { title: "没有权限", detail: "你不能使用该应用。" },
    unauthenticated: { title: "请先登录", detail: "你尚未登录，或登录已经失效。" },
    blocked: { title: "你无法使用", detail: "该应用不能从你所在的位置使用。" },
    captcha_required: { title: "请确认你是真人", detail: "此验证需要 JavaScript。如果没有出现验证框，请重新加载本页后再试。" },
    hand_off_refused: { title: "登录没有成功", detail: "此次登录已被使用、已超时，或属于另一个地址。请重新登录。" },
    rate_limited: { title: "请慢一点", detail: "短时间内的请求太多了。" },
    overloaded: { title: "当前非常繁忙", detail: "使用该应用的人很多，请稍后重试。" },
    quota_exceeded: { title: "额度已用完", detail: "该应用目前的额度已经用完。" },
    payload_too_large: { title: "内容太大", detail: "发送的内容过大，请缩减后再试。" },
    unsupported_media_type: { title: "请选择其他文件", detail: "这里不能使用这种文件。" },
    validation_failed: { title: "请检查输入", detail: "有些字段还不正确。" },
    method_not_allowed: { title: "不能这样使用", detail: "该地址不支持这种请求。" },
    node_failed: { title: "有一步没有成功", detail: "应用未能完成，请重试。" },
    node_timeout: { title: "时间过长", detail: "有一步没有及时响应，请重试。" },
    run_timeout: { title: "时间过长", detail: "应用没有及时完成，请重试。" },
    model_unavailable: { title: "模型繁忙", detail: "暂时无法连接模型，请稍后重试。" },
    model_failed: { title: "模型无法回答", detail: "请重试，或换一种说法。" },
    database_unavailable: { title: "无法读取数据", detail: "请稍后重试。" },
    upstream_unavailable: { title: "暂时无法使用", detail: "所依赖的服务暂时不可用，请稍后重试。" },
  },
  unexpected: { title: "出了点问题", detail: "我们已经记录，请重试。" },
};

const CATALOGUE = { en, zh } as const satisfies Record<string, Texts>;
export type PageLanguage = keyof typeof CATALOGUE;

const RIGHT_TO_LEFT = /^(ar|dv|fa|he|ps|sd|ug|ur|yi)\b/;

export function textsOf(language: PageLanguage): Texts {
  return CATALOGUE[language];
}

export interface PageLocale {
  /** Which catalogue the page's own words come from. */
  readonly language: PageLanguage;
  /** The page's `lang`: the app's own language. */
  readonly tag: string;
  readonly direction: "ltr" | "rtl";
  readonly texts: Texts;
}

function languageOf(tag: string): PageLanguage | null {
  const primary = tag.trim().toLowerCase().split("-", 1)[0] ?? "";
  return primary === "zh" ? "zh" : primary === "en" ? "en" : null;
}

/** The first language of `Accept-Language` that the page speaks; order counts as the preference, as browsers send it. */
function preferred(acceptLanguage: string | null): PageLanguage {
  for (const range of (acceptLanguage ?? "").split(",")) {
    const language = languageOf(range.split(";", 1)[0] ?? "");
    if (language !== null) return language;
  }
  return "en";
}

/** The app's locale decides; without one, the visitor's. An app in a third language is framed in the visitor's own words. */
export function localeOf(appLocale: string | null, acceptLanguage: string | null): PageLocale {
  const language = (appLocale === null ? null : languageOf(appLocale)) ?? preferred(acceptLanguage);
  const tag = appLocale ?? language;
  return { language, tag, direction: RIGHT_TO_LEFT.test(tag) ? "rtl" : "ltr", texts: CATALOGUE[language] };
}

/** What is wrong with a field, in the page's language where it knows the rule. */
export function faultText(texts: Texts, fault: { readonly code: string; readonly message: string }): string {
  return texts.faults[fault.code] ?? fault.message;
}

/** What went wrong, by error code. */
export function errorText(texts: Texts, code: string): { readonly title: string; readonly detail: string } {
  return texts.errors[code] ?? texts.unexpected;
}
