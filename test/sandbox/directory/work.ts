/** Job titles, departments and places for the generated directory. */
export const DEPARTMENTS: readonly string[] = [
  'Sales',
  'Marketing',
  'Finance',
  'Legal',
  'Engineering',
  'R&D',
  'Human Resources',
  'IT Operations',
  'Produktion & Logistik',
  'Forschung',
  '営業部',
  'Отдел кадров',
]

export const JOB_TITLES: readonly string[] = [
  'Account Manager',
  'Senior Engineer',
  'Paralegal',
  'Vice President, Sales & Marketing',
  'Sachbearbeiterin',
  'Data Scientist',
  'Intern',
  'Controller',
  'Chef de projet',
]

export const SUBJECTS: readonly string[] = [
  'Budget',
  'Works Council',
  'Project Hydra',
  'Project Atlas',
  'Onboarding',
  'Q&A "Insiders"',
  'Incident Response',
  'Zürich Office',
  'São Paulo Office',
  "Women's Network",
  'helloWorld Guild',
  'hello-world Guild',
  'Betriebsrat/Personalrat',
  '東京オフィス',
  'Security+Compliance',
]

/** Domains whose people are invited as guests. */
export const PARTNER_DOMAINS: readonly string[] = [
  'fabrikam.example',
  'adatum.example',
  'litware.example',
]
