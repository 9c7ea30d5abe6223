const { createProxyMiddleware } = require("http-proxy-middleware");

// The back-end, for the development server.
const target = process.env.GATEWAY ?? "http://127.0.0.1:3000";

module.exports = (app) => app.use(createProxyMiddleware({ target, pathFilter: ["/my", "/pin"] }));
