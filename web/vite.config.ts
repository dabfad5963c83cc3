// The build of the page. Its rule: the same sources give the same bytes, on every machine, so that what is in the package
// can be compared with what would be built (tests/web).
import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    outDir: "../src/veche/web_assets",
    emptyOutDir: true,
    // The policy forbids scripts and styles in the page itself, and the browsers that we build for need no help.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: ["index.html", "src/worker.ts"],
      // The worker keeps its name, since the browser asks for it by that, and stands where the page does.
      output: { entryFileNames: (chunk) => (chunk.name === "worker" ? "sw.js" : "assets/[name]-[hash].js") },
    },
    reportCompressedSize: true,
  },
  server: { proxy: { "/irc": { target: "ws://127.0.0.1:8080", ws: true } } },
});
