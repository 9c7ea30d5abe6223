// The back-end, which has to answer under the page's own origin.
const gateway = process.env.GATEWAY ?? "http://127.0.0.1:3000";

export default {
  rewrites: async () => ["my", "pin"].map((name) => ({ source: `/${name}/:path*`, destination: `${gateway}/${name}/:path*` })),
};
