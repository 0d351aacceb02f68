import { ArmError } from "../../arm/provider.ts";
import { routeTableType } from "./back-references.ts";
import { settleEmbedded, without } from "./embedded.ts";
import type { NetworkTypeRules } from "./network-type.ts";

export function routeTableRules(apiVersions: readonly string[]): NetworkTypeRules {
  return {
    type: routeTableType,
    apiVersions,
    members: ["routes", "subnets", "disableBgpRoutePropagation", "provisioningState", "resourceGuid"],
    hasSku: false,
    settle: (write) => ({
      routes: settleEmbedded(write, "routes", write.properties["routes"], (properties) =>
        without(properties, "provisioningState"),
      ),
      disableBgpRoutePropagation: write.properties["disableBgpRoutePropagation"] === true,
    }),
    show: ({ id }, references) => {
      const users = references.usersOf(id);
      return users.length === 0 ? {} : { subnets: users.map((user) => ({ id: user.id })) };
    },
    requireUnused: ({ id, name }, references) => {
      const [user] = references.usersOf(id);
      if (user === undefined) return;
      throw new ArmError(
        400,
        "InUseRouteTableCannotBeDeleted",
        `Route table ${name} is in use and cannot be deleted. It is used by ${user.id}.`,
      );
    },
  };
}
