// The back-end, which has to answer under the page's own origin.
const gateway = process.env.GATEWAY ?? "http://127.0.0.1:3000";

export default defineNuxtConfig({
  compatibilityDate: "2026-01-01",
  app: { head: { title: "Your PIN", htmlAttrs: { lang: "en" } } },
  // The element is the browser's, and not a component.
  vue: { compilerOptions: { isCustomElement: (tag) => tag === "card-pin" } },
  // The worker and the WebAssembly lie beside the script, and have to be found there.
  vite: { optimizeDeps: { exclude: ["card-pin"] } },
  routeRules: { "/my/**": { proxy: `${gateway}/my/**` }, "/pin/**": { proxy: `${gateway}/pin/**` } },
});
