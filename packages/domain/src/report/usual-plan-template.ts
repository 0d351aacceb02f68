/** The headings of the plan where an organisation has none of its own, after the parts of common continuity standards. */
export const usualPlanTemplate = `# Protection plan
{front}

## 1 Scope
{scope}
{unclassified}

## 2 Objectives at a glance
{overview}
{order}

## 3 Risks: what was found
{findings}

## 4 What is left out, and why
{left-out}

## 5 Recovery times
{recoveries}

## 6 Applications

{each application}
### {application}
{summary}

#### Business impact and objectives
{objectives}

#### Protection option
{option}

#### Virtual machines and dependencies
{machines}

#### What was achieved, by scenario
{achieved}

#### Recovery times
{recoveries}

#### Findings
{findings}

#### What is left out
{left-out}

#### People
{people}

#### Decisions
{decisions}
{end}

## 7 Signatures and reviews
{signatures}

## 8 Words, and how each figure is known
{words}
`;
