/**
 * The tenants and people that tests and the sign-in page refer to by name. Their ids are fixed for
 * every seed.
 */
export const CONTOSO = 'a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01'
export const FABRIKAM = 'b47e2c11-90aa-4c58-8a0e-6a5d3d1f2b02'

export const CAST = {
  /** A member in three groups, one of them nested. */
  adele: {
    id: '0a1b6f0e-2f6c-4f6e-8a77-000000000001',
    userPrincipalName: 'adele.vance@contoso.example',
  },
  /** A member in 700 groups: the `groups` claim overflows. Her OneDrive is in the tenant's European geography. */
  megan: {
    id: '0a1b6f0e-2f6c-4f6e-8a77-000000000002',
    userPrincipalName: 'megan.bowen@contoso.example',
  },
  /** A guest whose home is Fabrikam. */
  gustav: {
    id: '0a1b6f0e-2f6c-4f6e-8a77-000000000003',
    userPrincipalName: 'gustav_fabrikam.example#EXT#@contoso.example',
  },
  /** May consent for everyone; holds the app role `Entrada.Admin`. */
  alex: {
    id: '0a1b6f0e-2f6c-4f6e-8a77-000000000004',
    userPrincipalName: 'alex.wilber@contoso.example',
  },
  /** Account disabled: AADSTS50057. */
  diego: {
    id: '0a1b6f0e-2f6c-4f6e-8a77-000000000005',
    userPrincipalName: 'diego.siciliani@contoso.example',
  },
  /** A name that breaks naive headers and queries: `Ünal, "Ops" O'Hara & Söhne`; no mail, no OneDrive. */
  unal: {
    id: '0a1b6f0e-2f6c-4f6e-8a77-000000000006',
    userPrincipalName: 'unal.ohara@contoso.example',
  },
  /** A user of the other tenant. */
  felix: {
    id: '0b1b6f0e-2f6c-4f6e-8a77-000000000001',
    userPrincipalName: 'felix.henderson@fabrikam.example',
  },
} as const

export const CAST_GROUPS = {
  /** Adele is a direct member. */
  chatUsers: '0c1b6f0e-2f6c-4f6e-8a77-000000000001',
  /** Adele is a member through `chatUsers`. */
  everyoneInSales: '0c1b6f0e-2f6c-4f6e-8a77-000000000002',
  /** Contains `everyoneInSales`: Adele is a member over three levels. */
  allEmployees: '0c1b6f0e-2f6c-4f6e-8a77-000000000003',
  /** Alex only. */
  chatAdministrators: '0c1b6f0e-2f6c-4f6e-8a77-000000000004',
  /** Two groups with the same display name, `Project Phoenix`. */
  phoenixOne: '0c1b6f0e-2f6c-4f6e-8a77-000000000005',
  phoenixTwo: '0c1b6f0e-2f6c-4f6e-8a77-000000000006',
  /** Its membership is hidden. */
  boardOfDirectors: '0c1b6f0e-2f6c-4f6e-8a77-000000000007',
} as const
