/** Versions of disks and snapshots that a build serves (managed-disk-considerations, 2025-01). */
export function diskVersions(build: number): readonly string[] {
  const old = ["2017-03-30"];
  const since2008 = ["2018-04-01", "2018-06-01", "2018-09-30", "2019-03-01"];
  if (build < 2008) return old;
  return build < 2102 ? [...old, ...since2008] : [...old, ...since2008, "2019-07-01"];
}

/** Versions of everything else of Microsoft.Compute that a build serves (vm-considerations; 2020-06-01 came with 2008). */
export function machineVersions(build: number): readonly string[] {
  const old = ["2015-06-15", "2016-03-30", "2017-03-30", "2017-12-01"];
  return build < 2008 ? old : [...old, "2019-07-01", "2020-06-01"];
}
