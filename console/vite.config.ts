import { reactRouter } from "@react-router/dev/vite";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [tailwindcss(), reactRouter()],
  // The policy sent with each page allows no data: scripts or fonts; small files stay files.
  build: { assetsInlineLimit: 0 },
  environments: { ssr: { build: { rollupOptions: { input: "./pages-worker.ts" } } } },
});
