import { formatShare } from "./key-share.ts";
import type { KeyShare } from "./key-share.ts";

/** Text to print and keep: it opens the repository without the passphrase. */
export function kitText(repositoryId: string, code: string): string {
  return `HOLDFAST RECOVERY KIT

Repository: ${repositoryId}
Code:       ${code}

This code opens the repository without its passphrase. Print this page and keep it in a safe place, apart from the
repository. Whoever has the code and the repository can read every disk in it. Capitals, blanks and dashes do not matter.
`;
}

/** Text to print for one of several holders. */
export function shareText(repositoryId: string, share: KeyShare, count: number): string {
  return `HOLDFAST KEY SHARE ${share.number} OF ${count}

Repository: ${repositoryId}
Set:        ${share.setId}
Share:      ${formatShare(share)}

Any ${share.threshold} of the ${count} shares of this set open the repository without its passphrase; fewer say nothing. Print this page, give it
to one holder, and delete the file. Capitals, blanks and dashes do not matter.
`;
}
