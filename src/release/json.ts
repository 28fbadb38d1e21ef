/** What may cross a process boundary or enter a workflow history. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
