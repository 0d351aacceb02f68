import { expect, test } from "vitest";
import { parseAzureLocation } from "./azure-location.ts";

test("a container's address names the account by its host", () => {
  expect(parseAzureLocation("https://keep.blob.north.example.org/backups/site-1/vms/")).toEqual({
    account: "keep",
    containerUrl: "https://keep.blob.north.example.org/backups",
    prefix: "site-1/vms/",
  });
});

test("an IP address as host has the account in its path", () => {
  expect(parseAzureLocation("http://127.0.0.1:10000/devstoreaccount1/backups")).toEqual({
    account: "devstoreaccount1",
    containerUrl: "http://127.0.0.1:10000/devstoreaccount1/backups",
    prefix: "",
  });
});

for (const location of [
  "backups",
  "http://keep.blob.example.org/backups",
  "ftp://keep.blob.example.org/backups",
  "https://keep.blob.example.org/",
  "https://keep.blob.example.org/backups?sv=1&sig=hush",
  "https://user:hush@keep.blob.example.org/backups",
  "https://keep.blob.example.org/Backups",
  "https://keep.blob.example.org/backups/a%20b",
  "https://10.0.0.1/",
]) {
  test(`${location.replace("hush", "...")} is refused without a word of what it carries`, () => {
    let raised: unknown;
    try {
      parseAzureLocation(location);
    } catch (error) {
      raised = error;
    }
    expect(raised).toMatchObject({ code: "repository.location.invalid" });
    expect(String(raised)).not.toContain("hush");
  });
}
