// To read, not to call: every call needs a signature or a token (docs/integrate.md has the commands).

// The viewer looks up references by the page's address, which fails for a page opened as a file: they are filled in here.
function filledIn(part) {
  if (part === null || typeof part !== "object") return part;
  if (Array.isArray(part)) return part.map(filledIn);
  if (typeof part.$ref === "string") {
    const { $ref, ...beside } = part;
    const named = $ref.slice(2).split("/").reduce((place, step) => place[step], window.openapi);
    return { ...filledIn(named), ...filledIn(beside) };
  }
  return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, filledIn(inner)]));
}

// This page is not where the API is.
const { servers, ...described } = filledIn(window.openapi);

SwaggerUIBundle({
  dom_id: "#description",
  spec: described,
  supportedSubmitMethods: [],
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
});
