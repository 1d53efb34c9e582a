import type { Config } from "@react-router/dev/config";

export default {
  ssr: true,
  // A handful of routes: shipping their list with the page is cheaper than asking for it while navigating.
  routeDiscovery: { mode: "initial" },
} satisfies Config;
