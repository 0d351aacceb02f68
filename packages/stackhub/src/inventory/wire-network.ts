import { z } from "zod";
import { tagsSchema } from "../snapshots/wire-snapshot.ts";

const reference = z.object({ id: z.string() });

export const wireNic = z.object({
  id: z.string(),
  name: z.string(),
  tags: tagsSchema,
  properties: z.object({
    primary: z.boolean().nullish(),
    macAddress: z.string().nullish(),
    networkSecurityGroup: reference.nullish(),
    dnsSettings: z.object({ dnsServers: z.array(z.string()).nullish() }).nullish(),
    ipConfigurations: z
      .array(
        z.object({
          name: z.string(),
          properties: z.object({
            primary: z.boolean().nullish(),
            privateIPAddress: z.string().nullish(),
            privateIPAllocationMethod: z.string().nullish(),
            subnet: reference.nullish(),
            publicIPAddress: reference.nullish(),
            loadBalancerBackendAddressPools: z.array(reference).nullish(),
          }),
        }),
      )
      .nullish(),
  }),
});

export type WireNic = z.infer<typeof wireNic>;

const text = z.string().nullish();
const texts = z.array(z.string()).nullish();

export const wireNsg = z.object({
  id: z.string(),
  properties: z.object({
    securityRules: z
      .array(
        z.object({
          name: z.string(),
          properties: z.object({
            priority: z.number(),
            direction: z.string(),
            access: z.string(),
            protocol: z.string(),
            sourceAddressPrefix: text,
            sourceAddressPrefixes: texts,
            sourcePortRange: text,
            sourcePortRanges: texts,
            destinationAddressPrefix: text,
            destinationAddressPrefixes: texts,
            destinationPortRange: text,
            destinationPortRanges: texts,
          }),
        }),
      )
      .nullish(),
  }),
});

export type WireNsg = z.infer<typeof wireNsg>;

export const wirePublicIp = z.object({
  id: z.string(),
  properties: z.object({
    ipAddress: text,
    dnsSettings: z.object({ domainNameLabel: text }).nullish(),
  }),
});

export type WirePublicIp = z.infer<typeof wirePublicIp>;

export const wireLoadBalancer = z.object({
  id: z.string(),
  name: z.string(),
  properties: z.object({
    backendAddressPools: z.array(reference).nullish(),
    probes: z.array(z.unknown()).nullish(),
  }),
});
