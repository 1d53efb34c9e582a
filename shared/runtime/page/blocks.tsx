import type { UiAction, UiBlock, UiField } from "#app";
import { Chat } from "./chat.tsx";
import { Content, type ContentSpec } from "./content.tsx";
import { blocksOf, takesInput } from "./default-blocks.ts";
import { Field } from "./fields.tsx";
import { dependsOnRun, fillIn, textOf } from "./scope.ts";
import { type AppView, faultOf, scopeOf } from "./view.ts";

type ContentBlock = Extract<UiBlock, { type: "markdown" | "table" | "chart" }>;

function isContentBlock(block: UiBlock): block is ContentBlock {
  return block.type === "markdown" || block.type === "table" || block.type === "chart";
}

function isField(block: UiBlock): block is UiField {
  return "input_key" in block && block.type !== "chat";
}

/** Where the script redraws a block that shows something of a run. */
function liveId(blockId: string): string {
  return `live-${blockId}`;
}

function specOf(block: ContentBlock): ContentSpec {
  switch (block.type) {
    case "markdown":
      return { type: "markdown", props: block.props };
    case "table":
      return { type: "table", props: block.props };
    case "chart":
      return { type: "chart", props: block.props };
  }
}

/** Every block of the page that changes when a run ends. */
export function liveBlocks(blocks: readonly UiBlock[]): Record<string, ContentSpec> {
  const found = blocks.flatMap((block): [string, ContentSpec][] => {
    if ("children" in block) return Object.entries(liveBlocks(block.children));
    return isContentBlock(block) && dependsOnRun(block.props.content) ? [[block.id, specOf(block)]] : [];
  });
  return Object.fromEntries(found);
}

function Shown({ block, view }: { block: ContentBlock; view: AppView }) {
  const waiting = view.state.kind !== "answered" && dependsOnRun(block.props.content);
  return (
    <section class="shown">
      {block.label === undefined ? null : <h2>{block.label}</h2>}
      <div id={liveId(block.id)}>
        {waiting ? null : <Content spec={specOf(block)} scope={scopeOf(view)} texts={view.locale.texts} markdown={view.markdown} />}
      </div>
    </section>
  );
}

function Group({ block, view, actions }: { block: Extract<UiBlock, { type: "form" | "card" }>; view: AppView; actions: boolean }) {
  const content = block.type === "card" ? block.props?.content : undefined;
  return (
    <section class="panel" aria-labelledby={block.label === undefined ? undefined : `title-${block.id}`}>
      {block.label === undefined ? null : <h2 id={`title-${block.id}`}>{block.label}</h2>}
      {content === undefined ? null : <p class="text">{textOf(fillIn(content, scopeOf(view)))}</p>}
      {block.children.map((child) => (
        <Block key={child.id} block={child} view={view} actions={false} />
      ))}
      {actions ? <Actions view={view} /> : null}
    </section>
  );
}

function Block({ block, view, actions }: { block: UiBlock; view: AppView; actions: boolean }) {
  if (isContentBlock(block)) return <Shown block={block} view={view} />;
  if (block.type === "form" || block.type === "card") return <Group block={block} view={view} actions={actions} />;
  if (block.type === "chat") return <Chat block={block} view={view} />;
  const { locale, values } = view;
  return (
    <Field
      block={block}
      declaration={view.inputs.find(({ name }) => name === block.input_key)}
      value={values[block.input_key]}
      fault={faultOf(view, block.input_key)}
      texts={locale.texts}
    />
  );
}

function Action({ action, view }: { action: UiAction; view: AppView }) {
  const { texts } = view.locale;
  if (action.type === "submit") return <button type="submit">{action.label ?? texts.send}</button>;
  return (
    <a class="button quiet" href={view.base || "/"}>
      {action.label ?? texts.reset}
    </a>
  );
}

function hasChat(blocks: readonly UiBlock[]): boolean {
  return blocks.some((block) => block.type === "chat" || ("children" in block && hasChat(block.children)));
}

/** The buttons of the form. Without any that sends, one is added; a chat brings its own. */
function Actions({ view }: { view: AppView }) {
  const { actions, blocks } = view.ui;
  const chat = hasChat(blocks);
  const given = chat ? actions.filter(({ type }) => type !== "submit") : actions;
  const needsSubmit = !chat && !given.some(({ type }) => type === "submit");
  const shown: UiAction[] = needsSubmit ? [{ id: "submit", type: "submit" }, ...given] : given;
  if (shown.length === 0) return null;
  return (
    <div class="actions">
      {shown.map((action) => (
        <Action key={action.id} action={action} view={view} />
      ))}
    </div>
  );
}

/** Fields that stand beside each other without a form around them share one panel. */
function gathered(blocks: readonly UiBlock[]): UiBlock[] {
  const groups: UiBlock[] = [];
  for (const block of blocks) {
    const last = groups.at(-1);
    if (!isField(block)) groups.push(block);
    else if (last?.type === "form" && last.id.startsWith("fields-")) last.children.push(block);
    else groups.push({ id: `fields-${block.id}`, type: "form", children: [block] });
  }
  return groups;
}

/** All blocks, with the buttons at the end of the last panel that takes input. */
export function Blocks({ view }: { view: AppView }) {
  const blocks = gathered(blocksOf(view.ui.blocks, view.inputs));
  const last = blocks.findLastIndex((block) => (block.type === "form" || block.type === "card") && takesInput(block));
  const { layout } = view.ui;
  return (
    <div class={layout.type === "columns" ? `blocks columns-${layout.columns}` : "blocks"}>
      {blocks.map((block, index) => (
        <Block key={block.id} block={block} view={view} actions={index === last} />
      ))}
      {last === -1 ? <Actions view={view} /> : null}
    </div>
  );
}
