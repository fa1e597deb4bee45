/** Chromium's own authenticator without hardware (WebAuthn section 11), over its debugging protocol. */
import type { CDPSession, Page } from "playwright-core";

export interface VirtualAuthenticator {
  /** The number of passkeys on it. */
  count(): Promise<number>;
  /** Removes all of them. */
  clear(): Promise<void>;
  /** Sets the counter of its passkeys, as if this were an old copy. */
  setSignCount(signCount: number): Promise<void>;
  /** Whether it knows that it is the user. */
  setUserVerified(verified: boolean): Promise<void>;
}

export async function addVirtualAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const devtools: CDPSession = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable", { enableUI: false });
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const credentials = async () =>
    (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
  return {
    count: async () => (await credentials()).length,
    async clear() {
      await devtools.send("WebAuthn.clearCredentials", { authenticatorId });
    },
    async setSignCount(signCount) {
      for (const credential of await credentials()) {
        const { credentialId } = credential;
        await devtools.send("WebAuthn.removeCredential", { authenticatorId, credentialId });
        await devtools.send("WebAuthn.addCredential", {
          authenticatorId,
          credential: { ...credential, signCount },
        });
      }
    },
    async setUserVerified(isUserVerified) {
      await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
    },
  };
}
