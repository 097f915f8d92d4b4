/** Made from the OpenAPI document by `npm run api`. */
/* eslint-disable */
export interface paths {
    "/api/v1/experiments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make an experiment */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewExperimentBody"];
                };
            };
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ExperimentView"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/experiments/{experiment_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An experiment with its counts */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    experiment_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ExperimentView"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Hide an experiment */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    experiment_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ExperimentView"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Rename an experiment, change its tags */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    experiment_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ExperimentChangeBody"];
                };
            };
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ExperimentView"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/experiments/{experiment_id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Bring a deleted experiment back */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    experiment_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ExperimentView"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/experiments/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Experiments with their counts */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ExperimentsBody"];
                };
            };
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ExperimentsReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Keys in use, for completion */
        get: {
            parameters: {
                query: {
                    /** @description ids, separated by commas */
                    experiments: string;
                    /** @description 1 to 1000; 50 when not given */
                    limit?: string;
                    /** @description `tag`, `metadata` or `attribute` */
                    of: string;
                    /** @description of the keys */
                    prefix?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ValuesReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            [key: string]: unknown;
                        };
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Price tables, in the order in which they are asked */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PricesReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        /** Give the workspace a price table */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PricesBody"];
                };
            };
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PriceTableView"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        post?: never;
        /** Take the workspace's price table away */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/prices/reprice": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far pricing again has come */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RepricingReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        put?: never;
        /** Begin to price again what is kept */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RepricingReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Traces gathered by session or user */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SessionsBody"];
                };
            };
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionsReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sql": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** One statement in SQL */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SqlBody"];
                };
            };
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": unknown;
                        "application/vnd.apache.arrow.stream": unknown;
                        "application/vnd.apache.parquet": unknown;
                        "application/x-ndjson": unknown;
                        "text/csv": unknown;
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Figures for a dashboard */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["StatsBody"];
                };
            };
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["StatsReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/{trace_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A trace with its spans */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    trace_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FullTraceReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/{trace_id}/assessments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say something about a trace or one of its spans */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    trace_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewAssessmentBody"];
                };
            };
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AssessmentView"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/{trace_id}/assessments/{assessment_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Take back what was said; what it replaced counts again */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    assessment_id: string;
                    trace_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ChangedReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/{trace_id}/hits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Places in a trace where a text is */
        get: {
            parameters: {
                query: {
                    /** @description conditions with `LIKE`, `ILIKE` or `RLIKE` */
                    filter: string;
                    /** @description 1 to 1000; 200 when not given */
                    limit?: string;
                };
                header?: never;
                path: {
                    trace_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["HitsReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/{trace_id}/spans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Some spans of a trace with their payloads */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    trace_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SpansBody"];
                };
            };
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SpansReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/{trace_id}/tree": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A trace with its spans, without their payloads */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    trace_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TraceTreeReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Delete traces */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["DeleteBody"];
                };
            };
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ChangedReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All matching traces, a line each or as a file */
        get: {
            parameters: {
                query: {
                    /** @description lines or parquet; the latter for traces and spans */
                    as?: string;
                    /** @description goes on where another stream was cut off */
                    cursor?: string;
                    /** @description ids, separated by commas */
                    experiments: string;
                    /** @description empty for everything */
                    filter?: string;
                    /** @description otlp, mlflow, traces or spans */
                    format?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/vnd.apache.parquet": unknown;
                        "application/x-ndjson": unknown;
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        put?: never;
        /** All matching traces, a line each or as a file */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ExportBody"];
                };
            };
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/vnd.apache.parquet": unknown;
                        "application/x-ndjson": unknown;
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take traces, a line each */
        post: {
            parameters: {
                query?: {
                    /** @description a name or an id that everything goes to */
                    experiment?: string;
                    /** @description `skip` leaves bad lines out */
                    on_error?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ImportReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A page of traces, and counts over everything that matches */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SearchBody"];
                };
            };
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SearchReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change tags of traces */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TagsBody"];
                };
            };
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ChangedReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/values": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Values of a property, for completion */
        get: {
            parameters: {
                query: {
                    /** @description ids, separated by commas */
                    experiments: string;
                    /** @description 1 to 1000; 50 when not given */
                    limit?: string;
                    /** @description of the values */
                    prefix?: string;
                    /** @description such as `name` or `tag.env` */
                    property: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ValuesReply"];
                    };
                };
                /** @description Refused or failed */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorReply"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Why a judge gave no value. */
        AssessmentError: {
            code: string | null;
            message: string | null;
        };
        /** @description Who says it. */
        AssessmentSourceView: {
            id: string | null;
            /** @description `human`, `llm_judge`, `code` or `unspecified`. */
            kind: string;
        };
        /** @description What somebody says about a trace or one of its spans. */
        AssessmentView: {
            created: string;
            /** @description Why a judge gave no value. */
            error?: components["schemas"]["AssessmentError"];
            id: string;
            /** @description `feedback`, `expectation` or `issue`. */
            kind: string;
            name: string;
            /** @description Id of the one that this one replaces. */
            overrides: string | null;
            rationale: string | null;
            source: components["schemas"]["AssessmentSourceView"];
            span_id: string | null;
            updated: string;
            /** @description Whether no other one replaces it. */
            valid: boolean;
            value: unknown;
        };
        /** @description A line that could not be read. */
        BadLine: {
            line: number;
            message: string;
        };
        /** @description How fine a division of time is. */
        BucketsBody: {
            /** @description At most so many, 1 to 2000; 60 when not given. */
            buckets?: number;
        };
        /** @description Traces that started in one interval. */
        BucketView: {
            at_most: number;
            count: number;
            start: string;
            /** @description By state. */
            states: {
                [key: string]: number;
            };
        };
        /** @description How many traces there were to be changed. */
        ChangedReply: {
            /** @description Those of the request that exist. */
            traces: number;
        };
        /** @description What a cost is made of. */
        CostDerivation: {
            /** @description They add up to the cost. */
            lines: components["schemas"]["CostLineView"][];
            price: components["schemas"]["PriceView"] | null;
            /** @description `client`: it said the cost. `tokens`: they were multiplied by a price. */
            source: string;
        };
        /** @description Tokens of one kind times their rate. */
        CostLineView: {
            /** @description US dollars. */
            cost: number;
            /** @description The rate: `input`, `cache_read`, … */
            kind: string;
            /** @description `input` or `output`. */
            part_of: string;
            /** @description US dollars. */
            per_million: number;
            tokens: number;
        };
        /** @description US dollars. */
        Costs: {
            input: number;
            output: number;
            total: number;
        };
        /** @description At least and at most so many; equal when `exact`. */
        CountView: {
            at_least: number;
            at_most: number;
            exact: boolean;
        };
        /** @description What was left out of a span. */
        Cut: {
            /** @description Characters that are missing. */
            chars: number;
            /** @description Texts that end early. */
            texts: number;
        };
        /** @description Traces to be deleted. */
        DeleteBody: {
            /** @description Ids, at most 1000. */
            traces: string[];
        };
        /** @description A document that was found. */
        DocumentView: {
            content: string | null;
            id: string | null;
            metadata: unknown | null;
            score: number | null;
        };
        /** @description Milliseconds; percentiles are off by 0.8 % at most. */
        DurationFigures: {
            /** @description Rows that have one. */
            known: number;
            max_ms: number | null;
            mean_ms: number | null;
            min_ms: number | null;
            p50_ms: number | null;
            p90_ms: number | null;
            p95_ms: number | null;
            p99_ms: number | null;
            /** @description Of the sum of all groups. */
            share: number | null;
            sum_ms: number;
        };
        /** @description Every failure. */
        ErrorReply: {
            error: components["schemas"]["ErrorView"];
        };
        /** @description What went wrong, and where. */
        ErrorView: {
            /** @description `invalid_input`, `not_found`, `conflict`, `too_large`, `overloaded`, `unavailable`, `corrupt` or `internal`. */
            code: string;
            /** @description Path of what was wrong. */
            field: string | null;
            message: string;
        };
        /** @description Something that happened within a span. */
        EventView: {
            attributes: {
                [key: string]: unknown;
            };
            name: string;
            time: string;
            time_ns: string;
        };
        /** @description What of an experiment is to be different. */
        ExperimentChangeBody: {
            name?: string;
            remove_tags?: string[];
            set_tags?: {
                [key: string]: string;
            };
        };
        /** @description Which experiments. */
        ExperimentsBody: {
            /** @description To see the deleted ones instead. */
            deleted?: boolean;
            /** @description In the language of MLflow's search of experiments. */
            filter?: string;
            /** @description 1 to 1000; 200 when not given. */
            limit?: number;
            page_token?: string;
        };
        /** @description A page of experiments, newest first. */
        ExperimentsReply: {
            experiments: components["schemas"]["ExperimentView"][];
            /** @description `null` on the last page. */
            next_page_token: string | null;
        };
        /** @description An experiment, and how much there is in it. */
        ExperimentView: {
            created: string;
            deleted: boolean;
            /** @description Traces that failed. */
            errors: number;
            id: string;
            /** @description Start of the newest trace. */
            last_activity: string | null;
            name: string;
            tags: {
                [key: string]: string;
            };
            traces: number;
            /** @description Last rename, deletion or restoration. */
            updated: string;
        };
        /** @description Which traces to write out, and how. */
        ExportBody: {
            /** @description `lines` or `parquet`; the latter for `traces` and `spans`. */
            as?: string;
            cursor?: string;
            experiments: string[];
            filter?: string;
            /** @description `otlp`, `mlflow`, `traces` or `spans`. */
            format?: string;
        };
        /** @description A property whose values are counted. */
        FacetBody: {
            /** @description Values, 1 to 1000; 10 when not given. */
            limit?: number;
            property: string;
        };
        /** @description Traces with one value. */
        FacetValue: {
            at_most: number;
            count: number;
            value: string;
        };
        /** @description Values of a property, the most frequent first. */
        FacetView: {
            exact: boolean;
            /** @description Whether there are further values. */
            more: boolean;
            property: string;
            /** @description Traces with a value that is too long, or one of too many, to be listed. */
            unlisted: number;
            values: components["schemas"]["FacetValue"][];
        };
        /** @description A trace and its spans. */
        FullTraceReply: {
            /** @description Roots first, and then by start. */
            spans: components["schemas"]["SpanView"][];
            trace: components["schemas"]["TraceRow"];
        };
        /** @description Traces by start and length. */
        HeatmapView: {
            bucket_ms: number | null;
            buckets: number;
            /** @description Column, row, traces. */
            cells: number[][];
            /** @description Least length of each row, which reaches to that of the next. */
            durations_ms: number[];
            start: string | null;
        };
        /** @description Matches over time, in buckets of one round width. */
        HistogramView: {
            /** @description `null` when nothing matches. */
            bucket_ms: number | null;
            buckets: components["schemas"]["BucketView"][];
            exact: boolean;
        };
        /** @description A place where a text is that the filter asks for. */
        Hit: {
            bytes_before: number;
            chars_before: number;
            /** @description `name`, `inputs`, `outputs`, `attribute.<key>`, `event`, `tag.<key>` and so on. */
            field: string;
            /** @description Pieces that match: start and end in characters (code points) of the snippet. */
            ranges: number[][];
            /** @description 200 characters at most, around the match. */
            snippet: string;
            /** @description `null` for a text of the trace itself. */
            span_id: string | null;
            span_name: string | null;
        };
        /** @description Places of one trace. */
        HitsReply: {
            hits: components["schemas"]["Hit"][];
            /** @description Whether there may be others. */
            more: boolean;
        };
        /** @description What an import took. */
        ImportReply: {
            bad_lines: number;
            /** @description The first hundred. */
            errors: components["schemas"]["BadLine"][];
            spans: number;
            traces: number;
        };
        /** @description Another span this one belongs to. */
        LinkView: {
            attributes: {
                [key: string]: unknown;
            };
            span_id: string;
            trace_id: string;
        };
        /** @description What was said to a model, and what it said. */
        MessagesView: {
            input: components["schemas"]["MessageView"][];
            output: components["schemas"]["MessageView"][];
        };
        /** @description A message of a conversation. */
        MessageView: {
            finish_reason?: string;
            /** @description Who speaks, where several share a role. */
            name?: string;
            /** @description Each has a `type`: `text`, `reasoning`, `tool_call`, `tool_call_response`, `blob`, `uri`, `file`, … */
            parts: unknown[];
            /** @description `system`, `developer`, `user`, `assistant`, `tool`, or whatever a client says. */
            role: string;
        };
        /** @description What a person says about a trace. */
        NewAssessmentBody: {
            /** @description Who says it. */
            by?: string;
            /** @description `feedback` or `expectation`. */
            kind: string;
            name: string;
            /** @description Id of an assessment of the same trace that this one replaces. */
            overrides?: string;
            rationale?: string;
            /** @description Of the span it is about, if it is not about the whole trace. */
            span_id?: string;
            /** @description Any JSON. */
            value?: unknown;
        };
        /** @description An experiment to be made. */
        NewExperimentBody: {
            name: string;
            tags?: {
                [key: string]: string;
            };
        };
        /** @description A price table: `docs/prices.md`. */
        PricesBody: {
            prices: unknown[];
            /** @description Named in the derivation of every cost. */
            version?: string;
        };
        /** @description The price tables of a workspace, in the order in which they are asked. */
        PricesReply: {
            tables: components["schemas"]["PriceTableView"][];
        };
        /** @description What models cost. */
        PriceTableView: {
            /** @description `workspace`, `file` or `built-in`. */
            name: string;
            /** @description As `docs/prices.md` describes them. */
            prices: unknown[];
            version: string;
        };
        /** @description Which price it was. */
        PriceView: {
            /** @description It is the price of calls with more input tokens than that. */
            above_input_tokens: number | null;
            /** @description The share of the normal price that a batch costs; part of the rates already. */
            batch: number | null;
            /** @description The day from which the table says it holds. */
            from: string | null;
            /** @description The name, or pattern of names, in the table. */
            model: string;
            provider: string | null;
            /** @description `workspace`, `file` or `built-in`. */
            table: string;
            version: string;
        };
        /** @description How far pricing again has come. */
        RepricingReply: {
            changed_spans: number;
            /** @description Why it stopped; it goes on when asked again, and after a restart. */
            failure: string | null;
            looked_at: number;
            running: boolean;
            /** @description How many there were when it began. */
            traces: number;
            unreadable: number;
        };
        /** @description The library that made a span. */
        ScopeView: {
            name: string;
            version: string;
        };
        /** @description A page of traces, and what to count beside it. */
        SearchBody: {
            /** @description To count even without facets and histogram. */
            count?: boolean;
            /** @description Ids, at most 1000. */
            experiments: string[];
            facets?: components["schemas"]["FacetBody"][];
            /** @description Empty for everything. */
            filter?: string;
            histogram?: components["schemas"]["BucketsBody"];
            /** @description To see where the texts are that the filter asks for. */
            hits?: boolean;
            /** @description Rows of the page, 0 to 500; 50 when not given. */
            limit?: number;
            /** @description Characters of each preview; all when not given. */
            max_preview?: number;
            /** @description Each `<key> [ASC or DESC]`; newest first when empty. */
            order_by?: string[];
            page_token?: string;
        };
        /** @description A page of traces, and counts over everything that matches. */
        SearchReply: {
            count?: components["schemas"]["CountView"];
            facets?: components["schemas"]["FacetView"][];
            histogram?: components["schemas"]["HistogramView"] | null;
            /** @description `null` on the last page. */
            next_page_token: string | null;
            traces: components["schemas"]["TraceRow"][];
        };
        /** @description Which sessions or users, in which order. */
        SessionsBody: {
            /** @description `session` or `user`. */
            by?: string;
            experiments: string[];
            filter?: string;
            limit?: number;
            /** @description `last`, `first`, `traces`, `errors`, `tokens`, `cost` or `duration`, then `DESC` or `ASC`. */
            order_by?: string;
            page_token?: string;
        };
        /** @description A page of sessions or users. */
        SessionsReply: {
            next_page_token: string | null;
            sessions: components["schemas"]["SessionView"][];
            /** @description Of all pages. */
            total: number;
            traces: components["schemas"]["CountView"];
        };
        /** @description Sums over the traces that know. */
        SessionTokens: {
            input: number | null;
            output: number | null;
            total: number | null;
        };
        /** @description A trace that stands for its session. */
        SessionTrace: {
            experiment: string;
            id: string;
            name: string | null;
            request_preview: string | null;
            response_preview: string | null;
            session: string | null;
            start: string;
            state: string;
            user: string | null;
        };
        /** @description The matching traces of one session or user. */
        SessionView: {
            cost: number | null;
            duration_ms: number;
            errors: number;
            /** @description Start of the first trace. */
            first: string;
            id: string;
            /** @description Last known end of a trace. */
            last: string;
            newest: components["schemas"]["SessionTrace"];
            /** @description Its first trace; `null` when it cannot be read. */
            oldest: components["schemas"]["SessionTrace"] | null;
            tokens: components["schemas"]["SessionTokens"];
            traces: number;
        };
        /** @description A span as a row of a tree. */
        SpanRow: {
            cost: components["schemas"]["Costs"] | null;
            /** @description `null` while it runs. */
            duration_ms: number | null;
            /** @description The beginning of what an error says. */
            error: string | null;
            id: string;
            /** @description To show: of a template the text it stands for, of a call named `GET` also what it asked for. */
            label: string;
            model: string | null;
            name: string;
            /** @description After the start of the trace; negative when clocks disagree. */
            offset_ms: number;
            parent_id: string | null;
            /** @description `OK`, `ERROR` or `UNSET`. */
            status: string;
            tokens: components["schemas"]["Tokens"] | null;
            /** @description `LLM`, `TOOL`, `AGENT`, … or whatever a client calls it. */
            type: string | null;
        };
        /** @description Which spans of a trace, and how much of them. */
        SpansBody: {
            /** @description Characters of each text; all when not given. Pictures in messages are always whole. */
            max_text?: number;
            /** @description Ids, at most 100. */
            spans: string[];
        };
        /** @description Spans that were asked for. */
        SpansReply: {
            /** @description Those of the request that exist, in the order of the trace. */
            spans: components["schemas"]["SpanView"][];
        };
        /** @description A span: what it means beside what it is. */
        SpanView: {
            /** @description As they arrived. */
            attributes: {
                [key: string]: unknown;
            };
            cost: components["schemas"]["Costs"] | null;
            /** @description How it is made up; `null` where it is unknown. */
            cost_derivation: components["schemas"]["CostDerivation"] | null;
            /** @description When texts end early because `max_text` was given. */
            cut?: components["schemas"]["Cut"];
            /** @description What a retriever found or a reranker ordered. */
            documents: components["schemas"]["DocumentView"][];
            /** @description `null` while it runs. */
            duration_ms: number | null;
            end_ns: string | null;
            environment: string | null;
            events: components["schemas"]["EventView"][];
            /** @description Why the model stopped, one for each answer. */
            finish_reasons: string[];
            id: string;
            inputs: unknown | null;
            /** @description To show: of a template the text it stands for, of a call named `GET` also what it asked for. */
            label: string;
            links: components["schemas"]["LinkView"][];
            /** @description Whose message shapes inputs and outputs have: `openai`, `gemini`, … */
            message_format: string | null;
            messages: components["schemas"]["MessagesView"];
            /** @description The one that tokens are priced by. */
            model: string | null;
            model_answered: string | null;
            model_requested: string | null;
            name: string;
            outputs: unknown | null;
            /** @description How the model was asked, by OpenTelemetry's names. */
            parameters: {
                [key: string]: unknown;
            };
            parent_id: string | null;
            provider: string | null;
            release: string | null;
            resource: {
                [key: string]: unknown;
            };
            scope: components["schemas"]["ScopeView"];
            session: string | null;
            start: string;
            start_ns: string;
            status: components["schemas"]["StatusView"];
            time_to_first_token_ms: number | null;
            tokens: components["schemas"]["Tokens"] | null;
            /** @description What the model may call. */
            tools: components["schemas"]["ToolView"][];
            /** @description `LLM`, `TOOL`, `AGENT`, … or whatever a client calls it. */
            type: string | null;
            user: string | null;
        };
        /** @description One statement that reads. */
        SqlBody: {
            /** @description `json`, `jsonl`, `csv`, `arrow` or `parquet`. */
            format?: string;
            query: string;
        };
        /** @description Tables of figures over everything that matches. */
        StatsBody: {
            experiments: string[];
            filter?: string;
            heatmap?: components["schemas"]["BucketsBody"];
            tables?: components["schemas"]["TableBody"][];
        };
        /** @description Rows with the same values. */
        StatsGroup: {
            /** @description US dollars. */
            cost?: number | null;
            count: number;
            duration?: components["schemas"]["DurationFigures"];
            errors: number;
            /** @description Of its interval. */
            start?: string;
            tokens?: components["schemas"]["SumOfTokens"];
            /** @description By property; `null` for rows without a value. */
            values: {
                [key: string]: string | null;
            };
        };
        /** @description Figures of one moment. */
        StatsReply: {
            /** @description When it is not exact, all figures are of the traces that match for certain. */
            count: components["schemas"]["CountView"];
            heatmap: components["schemas"]["HeatmapView"] | null;
            tables: components["schemas"]["StatsTable"][];
        };
        /** @description By time, and then the groups with most rows. */
        StatsTable: {
            groups: components["schemas"]["StatsGroup"][];
            /** @description Length of the intervals; `null` without them. */
            interval_ms: number | null;
            more: boolean;
        };
        /** @description How a span ended. */
        StatusView: {
            /** @description `OK`, `ERROR` or `UNSET`. */
            code: string;
            message: string;
        };
        /** @description Sums over the rows that know. */
        SumOfTokens: {
            input: number | null;
            output: number | null;
            total: number | null;
        };
        /** @description A table of figures. */
        TableBody: {
            /** @description Instead of `interval_ms`: at most so many intervals, 1 to 2000, of one round length. */
            buckets?: number;
            /** @description `duration`, `tokens` and `cost`. */
            figures?: string[];
            /** @description Properties, at most five. */
            group_by?: string[];
            interval_ms?: number;
            /** @description Groups, 1 to 10,000; 100 when not given. */
            limit?: number;
            /** @description `traces` or `spans`. */
            of?: string;
        };
        /** @description Traces whose tags are to be different. */
        TagsBody: {
            /** @description Keys; those a trace does not have are passed over. */
            remove?: string[];
            set?: {
                [key: string]: string;
            };
            /** @description Ids, at most 1000. */
            traces: string[];
        };
        /** @description Tokens; unknown counts are `null`. */
        Tokens: {
            audio_input: number | null;
            audio_output: number | null;
            cache_read: number | null;
            cache_write: number | null;
            /** @description Part of `cache_write` that is kept longer than an hour. */
            cache_write_1h: number | null;
            image_input: number | null;
            input: number | null;
            output: number | null;
            reasoning: number | null;
            total: number | null;
        };
        /** @description A tool that a model may call. */
        ToolView: {
            description: string | null;
            name: string;
            /** @description A JSON Schema. */
            parameters: unknown | null;
            type: string;
        };
        /** @description A trace as a row of a list. */
        TraceRow: {
            /** @description The valid ones. */
            assessments: components["schemas"]["AssessmentView"][];
            client_request_id: string | null;
            cost: components["schemas"]["Costs"] | null;
            duration_ms: number | null;
            error_count: number;
            experiment: string;
            /** @description Places of the texts that the filter asks for, when `hits` was asked; `null` when nobody looked. */
            hits?: components["schemas"]["Hit"][] | null;
            /** @description `tr-` and 32 hex digits, or what its client called it. */
            id: string;
            metadata: {
                [key: string]: string;
            };
            models: string[];
            /** @description Of the root span when nobody named the trace. */
            name: string | null;
            request_preview: string | null;
            response_preview: string | null;
            runs: string[];
            session: string | null;
            span_count: number;
            start: string;
            start_ns: string;
            /** @description `OK`, `ERROR`, `IN_PROGRESS` or `STATE_UNSPECIFIED`. */
            state: string;
            tags: {
                [key: string]: string;
            };
            tokens: components["schemas"]["Tokens"] | null;
            user: string | null;
        };
        /** @description A trace and its spans without their payloads. */
        TraceTreeReply: {
            /** @description All of them, those that others override too, oldest first. */
            assessments: components["schemas"]["AssessmentView"][];
            /** @description Roots first, and then by start. */
            spans: components["schemas"]["SpanRow"][];
            trace: components["schemas"]["TraceRow"];
        };
        /** @description What could be typed next. */
        ValuesReply: {
            /** @description Whether there are further ones. */
            more: boolean;
            values: string[];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
