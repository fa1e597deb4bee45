/** Whether a text is a UUID in the form that we write (RFC 9562 section 4); a database takes no other. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
