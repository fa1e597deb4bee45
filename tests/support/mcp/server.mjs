// A real MCP server without any authorization of its own: the proxy in front checks tokens.
// Prints its port.
import { createServer } from "node:http";
import process from "node:process";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

const listener = createServer(async (request, response) => {
  const server = new McpServer({ name: "notes", version: "1.0.0" });
  server.registerTool("whoami", { description: "The user, as the proxy says" }, () => ({
    content: [{
      type: "text",
      text: `${request.headers["x-auth-username"]} ${request.headers["x-auth-scope"]}`,
    }],
  }));
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  response.on("close", () => {
    transport.close();
    server.close();
  });
  await server.connect(transport);
  await transport.handleRequest(request, response);
});
listener.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  console.log(listener.address().port);
});
