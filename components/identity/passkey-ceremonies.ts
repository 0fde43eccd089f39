import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from "@simplewebauthn/browser";
import { askDoor } from "./start-sign-in.ts";

const ceremonies = () => import("@simplewebauthn/browser");

/** Makes a passkey on this device for a challenge of ours. What speaks to the device is fetched when it is needed. */
export async function makePasskey(name: string): Promise<RegistrationResponseJSON> {
  const [optionsJSON, { startRegistration }] = await Promise.all([
    askDoor<PublicKeyCredentialCreationOptionsJSON>("/api/auth/passkey/register/options", { name }),
    ceremonies(),
  ]);
  return startRegistration({ optionsJSON });
}

/** Makes a passkey and gives it to the person who is signed in. */
export async function addPasskey(name: string): Promise<void> {
  const response = await makePasskey(name);
  await askDoor("/api/auth/passkey/register/verify", { name, response });
}

/** Asks this device to prove with a passkey of ours that it is there. */
export async function showPasskey(): Promise<AuthenticationResponseJSON> {
  const [optionsJSON, { startAuthentication }] = await Promise.all([
    askDoor<PublicKeyCredentialRequestOptionsJSON>("/api/auth/passkey/login/options", {}),
    ceremonies(),
  ]);
  return startAuthentication({ optionsJSON });
}
