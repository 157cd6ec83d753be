// To read, not to call: every call needs a signature or a token (docs/integrate.md has the commands).
window.ui = SwaggerUIBundle({
  dom_id: "#description",
  spec: window.openapi,
  supportedSubmitMethods: [],
  validatorUrl: null,
  queryConfigEnabled: false,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
});
