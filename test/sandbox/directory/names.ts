/** A name as its owner writes it, and as it appears in a user principal name. */
export interface WrittenName {
  readonly native: string
  readonly ascii: string
}

export interface NameList {
  readonly given: readonly WrittenName[]
  readonly surnames: readonly WrittenName[]
  /** The separator between both parts; family name first where that is the custom. */
  readonly order: 'given first' | 'surname first' | 'surname first, unspaced'
}

const LATIN: NameList = {
  order: 'given first',
  given: latin(
    'Zoë, Jürgen, Łukasz, Şebnem, Sinéad, Nguyệt, Björn, Chloé, Íñigo, Þóra, Małgorzata, Øystein, İpek',
    'Anne-Marie, Jean-Luc, Ana, Kevin, Isla, Noah, Amara, Luca, Mateus, Grace, Peter, Maria, Daniel',
    'Ashley, Jack, Jackie, Jacqueline, Stefanie, Stephan, Steven, Sofía, Émile, Žofie, Đorđa',
  ),
  surnames: latin(
    "Müller, Weiß, O'Connor, O'Brien, d'Artagnan, García Márquez, Kowalczyk, Wiśniewska, Yılmaz, Ångström",
    'Smith, Smith-Jones, Jones, Novák, Sørensen, Guðmundsdóttir, Nguyễn, Trần, van der Berg, de la Cruz',
    'Šarić, Ţepeş, MacDonald, McAllister, Bowen, Vance-Okoro, Silva, Fernández, Lefèvre, Brown, Adeyemi',
  ),
}

const CYRILLIC: NameList = {
  order: 'given first',
  given: pairs(
    'Нина=nina, Олег=oleg, Дмитрий=dmitriy, Екатерина=ekaterina, Їжак=yizhak, Ђорђе=djordje, Аня=anya',
  ),
  surnames: pairs(
    'Петрова=petrova, Щербаков=shcherbakov, Иванов=ivanov, Шевченко=shevchenko, Ђоковић=djokovic, Ёлкин=yolkin',
  ),
}

const GREEK: NameList = {
  order: 'given first',
  given: pairs('Ελένη=eleni, Γιώργος=giorgos, Νίκος=nikos, Ζωή=zoi, Οδυσσέας=odysseas'),
  surnames: pairs(
    'Παπαδόπουλος=papadopoulos, Αγγελίδης=angelidis, Δημητρίου=dimitriou, Ιωάννου=ioannou',
  ),
}

const ARABIC: NameList = {
  order: 'given first',
  given: pairs('محمد=mohammed, فاطمة=fatima, عبد الله=abdullah, ليلى=layla, يوسف=yusuf'),
  surnames: pairs('الحسن=alhassan, بن سعيد=binsaeed, النجار=alnajjar, خوري=khoury'),
}

const HEBREW: NameList = {
  order: 'given first',
  given: pairs('נועה=noa, דוד=david, יעל=yael, אבי=avi'),
  surnames: pairs('כהן=cohen, לוי=levi, בן־דוד=bendavid, פרץ=peretz'),
}

const CHINESE: NameList = {
  order: 'surname first, unspaced',
  given: pairs('伟=wei, 秀英=xiuying, 明=ming, 小龙=xiaolong, 静=jing, 𠮷=ji'),
  surnames: pairs('王=wang, 李=li, 张=zhang, 欧阳=ouyang, 陈=chen'),
}

const JAPANESE: NameList = {
  order: 'surname first',
  given: pairs('太郎=taro, 花子=hanako, さくら=sakura, ケンジ=kenji, 美咲=misaki'),
  surnames: pairs('山田=yamada, 佐藤=sato, 髙橋=takahashi, 渡邊=watanabe'),
}

const KOREAN: NameList = {
  order: 'surname first, unspaced',
  given: pairs('민준=minjun, 서연=seoyeon, 지우=jiwoo, 하은=haeun'),
  surnames: pairs('김=kim, 이=lee, 박=park, 남궁=namgung'),
}

const DEVANAGARI: NameList = {
  order: 'given first',
  given: pairs('प्रिया=priya, अर्जुन=arjun, लक्ष्मी=lakshmi, विक्रम=vikram'),
  surnames: pairs('शर्मा=sharma, पटेल=patel, सिंह=singh, कुलकर्णी=kulkarni'),
}

const THAI: NameList = {
  order: 'given first',
  given: pairs('สมชาย=somchai, มาลี=malee, ณัฐวุฒิ=nattawut'),
  surnames: pairs('ใจดี=jaidee, ศรีสุข=srisuk, วงศ์ไทย=wongthai'),
}

/** Latin names occur several times, because most directories contain mostly those. */
export const NAME_LISTS: readonly NameList[] = [
  LATIN,
  LATIN,
  LATIN,
  LATIN,
  LATIN,
  LATIN,
  CYRILLIC,
  GREEK,
  ARABIC,
  HEBREW,
  CHINESE,
  JAPANESE,
  KOREAN,
  DEVANAGARI,
  THAI,
]

/** Display names found in real directories that break naive code. */
export const ODD_NAMES: readonly WrittenName[] = pairs(
  'Robert "Bob" O\'Neil=robert.oneil, Suharto=suharto, Björk=bjork, Müller & Söhne GmbH=mueller.soehne',
  'Meeting Room 4 (Building 7)=room4, R&D Front Desk=rd.frontdesk, Jo=jo, X Æ A-12=x.ae.a12',
  '<b>Max</b> Mustermann=max.mustermann, Smith\\Jones=smith.jones, 100% Support=support',
  "Maria-Theresia Josephine Alexandra Wilhelmina von und zu Hohenstein-Wittelsbach-Castell-Rüdenhausen d'Évreux y Fernández de Córdoba de la Vega-O'Sullivan=maria.theresia",
  'Zoe\u0308 Decomposed=zoe.decomposed, Ann  Double-Space=ann.doublespace, 😀 Helpdesk=helpdesk, #facilities+ops=facilities',
)

/** Latin letters without diacritics, for the parts of a name that appear in addresses. */
export function toAscii(name: string): string {
  return name
    .normalize('NFD')
    .replace(/[łŁ]/g, 'l')
    .replace(/[øØ]/g, 'o')
    .replace(/[đĐðÐ]/g, 'd')
    .replace(/[þÞ]/g, 'th')
    .replace(/ß/g, 'ss')
    .replace(/ı/g, 'i')
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '')
}

function latin(...lists: readonly string[]): readonly WrittenName[] {
  return lists
    .flatMap((list) => list.split(', '))
    .map((native) => ({ native, ascii: toAscii(native) }))
}

function pairs(...lists: readonly string[]): readonly WrittenName[] {
  return lists
    .flatMap((list) => list.split(', '))
    .map((pair) => {
      const [native = '', ascii = ''] = pair.split('=')
      return { native, ascii }
    })
}
