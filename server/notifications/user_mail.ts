/** The text of e-mails to users. Pure. */
import { brand } from "../../shared/brand.ts";
import { formatTime } from "../../shared/format_time.ts";
import type { Message } from "./mail.ts";

/** A message with the name of the product in front of its subject. */
export function userMail(to: string, subject: string, ...texts: string[]): Message {
  return { to, subject: `${brand.productName}: ${subject}`, text: paragraphs(...texts) };
}

export function paragraphs(...texts: string[]): string {
  return `${texts.join("\n\n")}\n`;
}

/** In UTC: the reader's time zone is not known. */
export function mailTime(date: Date): string {
  return formatTime(date.getTime(), "UTC");
}
