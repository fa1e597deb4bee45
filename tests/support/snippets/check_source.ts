/** Checks of programs and scripts for syntax, by the tools that run them. */
import { join } from "node:path";
import { isUsable } from "../toolchain.ts";
import { type Check, outputOf, SKIPPED } from "./check.ts";

/** Reports errors of syntax; names and types, which need libraries, are not looked at. */
const PARSE_JAVA = `import com.sun.source.util.JavacTask;
import java.net.URI;
import java.util.List;
import javax.tools.*;

class Parse {
  public static void main(String[] args) throws Exception {
    var code = new String(System.in.readAllBytes());
    var uri = URI.create("string:///Snippet.java");
    var file = new SimpleJavaFileObject(uri, JavaFileObject.Kind.SOURCE) {
      public CharSequence getCharContent(boolean ignored) { return code; }
    };
    var errors = new DiagnosticCollector<JavaFileObject>();
    var compiler = ToolProvider.getSystemJavaCompiler();
    ((JavacTask) compiler.getTask(null, null, errors, null, null, List.of(file))).parse();
    for (var error : errors.getDiagnostics()) System.err.println(error);
    System.exit(errors.getDiagnostics().isEmpty() ? 0 : 1);
  }
}
`;

/** Has `program` read the code from its standard input. */
function readBy(program: string, ...args: string[]): Check {
  return async ({ code }) => await outputOf(program, args, { stdin: code });
}

export const isShell: Check = readBy("bash", "-n");
export const isJavaScript: Check = readBy("node", "--check", "--input-type=module", "-");
export const isPython: Check = readBy(
  "python3",
  ...["-c", "import ast, sys; ast.parse(sys.stdin.read())"],
);

export const isGo: Check = async ({ code }) =>
  await isUsable("go") ? await outputOf("gofmt", ["-e", "-l"], { stdin: code }) : SKIPPED;

export const isJava: Check = async ({ code }, { folder }) => {
  if (!await isUsable("javac")) return SKIPPED;
  const program = join(folder, "Parse.java");
  await Deno.writeTextFile(program, PARSE_JAVA);
  return await outputOf("java", [program], { stdin: code });
};
