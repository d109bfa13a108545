#ifndef TEST_LIB_SCRIPT_RECORDS_H
#define TEST_LIB_SCRIPT_RECORDS_H

struct objdefs;
struct resolver;
struct script;
struct store;

/* "profile {…}" and "endpoint {…}" of a script: checked, and stored. JSON with ' for ". */
void	 script_profile(struct script *, char **words, struct store *, const struct objdefs *);
void	 script_endpoint(struct script *, char **words, struct store *, struct resolver *);

#endif
