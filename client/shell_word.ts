export { shellWord } from "../shared/shell_word.ts";
