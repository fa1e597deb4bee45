/** A command to type, which wraps only between its words. */
export function Command({ children }: { children: string }) {
  return (
    <p class="command">
      <code>
        {children.split(" ").map((word) => (
          <>
            <span>{word}</span>
            {" "}
          </>
        ))}
      </code>
    </p>
  );
}
