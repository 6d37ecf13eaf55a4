// Names are those of the interface: `recommend_for_user` everywhere, not `recommendForUser`.
export default {
  input: "../docs/openapi.json",
  output: { path: process.env.GENERATED ?? "typescript/src/generated", importFileExtension: ".js" },
  plugins: [
    "@hey-api/client-fetch",
    { name: "@hey-api/typescript", case: "preserve" },
    { name: "@hey-api/sdk", operations: { methodName: { casing: "preserve" } } },
  ],
};
