import { reactRouter } from "@react-router/dev/vite";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";

export default defineConfig(({ isSsrBuild }) => ({
  plugins: [tailwindcss(), reactRouter()],
  build: {
    // The policy sent with each page allows no data: scripts or fonts; small files stay files.
    assetsInlineLimit: 0,
    ...(isSsrBuild ? { rollupOptions: { input: "./pages-worker.ts" } } : {}),
  },
}));
