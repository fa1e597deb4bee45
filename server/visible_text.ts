export { sanitizeLine as visibleText } from "../shared/sanitize.ts";
