declare module "oav/dist/lib/liveValidation/liveValidator.js" {
  export interface LivePair {
    readonly liveRequest: {
      readonly method: string;
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly query: Readonly<Record<string, string>>;
      readonly body?: unknown;
    };
    readonly liveResponse: {
      readonly statusCode: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: unknown;
    };
  }
  export interface LiveIssue {
    readonly code: string;
    readonly message: string;
    readonly pathsInPayload?: readonly string[];
  }
  export interface LiveResult {
    readonly isSuccessful: boolean | undefined;
    readonly errors: readonly LiveIssue[];
    readonly runtimeException?: { readonly code: string; readonly message: string };
    readonly operationInfo?: { readonly operationId: string };
  }
  export class LiveValidator {
    constructor(options: Readonly<Record<string, unknown>>, log: (message: string, level?: string) => void);
    initialize(): Promise<void>;
    validateLiveRequestResponse(
      pair: LivePair,
    ): Promise<{ readonly requestValidationResult: LiveResult; readonly responseValidationResult: LiveResult }>;
  }
}
