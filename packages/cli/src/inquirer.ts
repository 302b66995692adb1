// Loaded when somebody is asked something; a file of its own in the bundle.
export { input, password, select } from '@inquirer/prompts'
