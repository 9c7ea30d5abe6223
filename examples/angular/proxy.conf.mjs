// The back-end, for the development server.
const target = process.env.GATEWAY ?? "http://127.0.0.1:3000";

export default { "/my": { target }, "/pin": { target } };
