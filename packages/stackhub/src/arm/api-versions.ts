// Profile 2020-09-01-hybrid, then the older versions that stamps before build 2102 accept, newest first.
const accepted: Readonly<Record<string, readonly string[]>> = {
  "microsoft.compute": ["2020-06-01", "2017-12-01", "2017-03-30"],
  "microsoft.compute/disks": ["2019-07-01", "2019-03-01", "2018-09-30", "2018-06-01", "2018-04-01", "2017-03-30"],
  "microsoft.compute/snapshots": ["2019-07-01", "2019-03-01", "2018-09-30", "2018-06-01", "2018-04-01", "2017-03-30"],
  "microsoft.network": ["2018-11-01", "2018-10-01", "2018-08-01", "2017-10-01"],
  "microsoft.storage": ["2019-06-01", "2018-02-01", "2017-10-01"],
  "microsoft.resources": ["2019-10-01", "2018-05-01"],
};

/** Version of the calls on subscriptions and their locations. */
export const subscriptionsVersion = "2016-06-01";
/** Version of resource groups and of the list of providers: asked before anything is known of the stamp. */
export const resourcesVersion = "2019-10-01";

/**
 * Picks the version to call a resource type with: the newest of ours that the stamp lists. Where the stamp lists
 * nothing for the type, ours first: the call then fails with the stamp's own reason, which says more than a guess.
 */
export function pickApiVersion(type: string, offered: Readonly<Record<string, readonly string[]>>): string {
  const wanted = type.toLowerCase();
  const namespace = wanted.split("/")[0]!;
  const ours = accepted[wanted] ?? accepted[namespace] ?? [resourcesVersion];
  const theirs = Object.entries(offered).find(([name]) => name.toLowerCase() === wanted)?.[1] ?? [];
  return ours.find((version) => theirs.includes(version)) ?? ours[0]!;
}
