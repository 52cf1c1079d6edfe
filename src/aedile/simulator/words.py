"""What is sold, and how is it called in each language? Categories with their nouns, brands, and words of titles.

Brands are made up. Nouns and adjectives are those of listings, in the order a seller of the language writes them.
"""

from __future__ import annotations

from dataclasses import dataclass

LANGUAGES = ("en", "id", "de", "ar")


@dataclass(frozen=True, slots=True)
class Category:
    """usd: the range of prices. weight: how many items it has, beside others. nouns: by language, the commonest first.
    brands: the best known first; the last place is for items without a brand."""

    name: str
    department: str
    weight: float
    usd: tuple[float, float]
    nouns: dict[str, tuple[str, str]]
    brands: tuple[str, ...]


def _category(name: str, department: str, weight: float, low: float, high: float, brands: str, *nouns: str) -> Category:
    pairs = [tuple(noun.split(", ")) for noun in nouns]
    named = {language: (one[0], one[1]) for language, one in zip(LANGUAGES, pairs, strict=True)}
    return Category(name, department, weight, (low, high), named, tuple(brands.split(", ")))


CATEGORIES: tuple[Category, ...] = (
    _category("handbags", "fashion", 6, 9, 420, "Valmora, Castellane, Ferrandi, Oriel, Kestra",
              "handbag, tote bag", "tas tangan, tas tote", "Handtasche, Shopper", "حقيبة يد, حقيبة تسوق"),
    _category("sneakers", "fashion", 7, 14, 210, "Strider, Aerion, Pacewell, Nordlauf, Kestra",
              "sneakers, running shoes", "sepatu kets, sepatu lari", "Sneaker, Laufschuhe", "حذاء رياضي, حذاء جري"),
    _category("dresses", "fashion", 8, 8, 140, "Liora, Amarine, Castellane, Junia, Meadow",
              "dress, evening dress", "gaun, gamis", "Kleid, Abendkleid", "فستان, عباءة"),
    _category("watches", "fashion", 4, 12, 650, "Chronova, Helvane, Meridia, Oriel, Tacton",
              "watch, wristwatch", "jam tangan, arloji", "Armbanduhr, Uhr", "ساعة, ساعة يد"),
    _category("sunglasses", "fashion", 3, 5, 190, "Oriel, Solenne, Valmora, Kestra, Ray & Wells",
              "sunglasses, eyewear", "kacamata hitam, kacamata", "Sonnenbrille, Brille", "نظارة شمسية, نظارات"),
    _category("phones", "electronics", 4, 70, 1100, "Nimbus, Tellar, Orbitel, Voxon, Kanto",
              "smartphone, mobile phone", "ponsel, telepon pintar", "Smartphone, Handy", "هاتف ذكي, جوال"),
    _category("chargers", "electronics", 7, 3, 60, "Voltra, Amperix, Kanto, Tellar, Lumo",
              "fast charger, power bank", "pengisi daya cepat, powerbank", "Schnellladegerät, Powerbank",
              "شاحن سريع, بطارية متنقلة"),
    _category("headphones", "electronics", 6, 6, 320, "Sonara, Kanto, Voxon, Auralis, Tellar",
              "headphones, wireless earbuds", "headphone, earbud nirkabel", "Kopfhörer, kabellose Ohrhörer",
              "سماعة رأس, سماعات لاسلكية"),
    _category("laptops", "electronics", 2, 220, 2100, "Kanto, Axiom, Notura, Orbitel, Nimbus",
              "laptop, notebook", "laptop, notebook", "Laptop, Notebook", "حاسوب محمول, لابتوب"),
    _category("cameras", "electronics", 2, 60, 1500, "Optara, Lumo, Kanto, Fokal, Axiom",
              "camera, action camera", "kamera, kamera aksi", "Kamera, Actionkamera", "كاميرا, كاميرا رياضية"),
    _category("skin-care", "beauty", 8, 3, 90, "Dermelle, Rosalba, Purista, Halwa, Jade & Co",
              "face serum, moisturiser", "serum wajah, pelembap", "Gesichtsserum, Feuchtigkeitscreme",
              "سيروم للوجه, كريم مرطب"),
    _category("perfumes", "beauty", 4, 8, 230, "Rosalba, Oud Majlis, Castellane, Valmora, Halwa",
              "perfume, eau de parfum", "parfum, minyak wangi", "Parfum, Eau de Parfum", "عطر, عطر عود"),
    _category("make-up", "beauty", 6, 2, 60, "Rosalba, Junia, Purista, Dermelle, Tint",
              "lipstick, foundation", "lipstik, alas bedak", "Lippenstift, Make-up", "أحمر شفاه, كريم أساس"),
    _category("kitchen", "home", 7, 5, 260, "Hearth, Casolare, Nordheim, Lumo, Amperix",
              "air fryer, cookware set", "penggoreng udara, set panci", "Heißluftfritteuse, Topfset",
              "قلاية هوائية, طقم قدور"),
    _category("bedding", "home", 5, 8, 150, "Casolare, Nordheim, Meadow, Linnea, Hearth",
              "bedding set, pillow", "seprai, bantal", "Bettwäsche, Kissen", "طقم مفارش, وسادة"),
    _category("lighting", "home", 4, 4, 120, "Lumo, Nordheim, Helios, Voltra, Linnea",
              "LED lamp, string lights", "lampu LED, lampu hias", "LED-Lampe, Lichterkette", "مصباح ليد, أضواء زينة"),
    _category("furniture", "home", 3, 25, 700, "Nordheim, Casolare, Linnea, Oakfield, Hearth",
              "desk chair, bookshelf", "kursi kerja, rak buku", "Schreibtischstuhl, Bücherregal", "كرسي مكتب, رف كتب"),
    _category("toys", "toys", 6, 3, 110, "Brickolo, Pipkin, Zapper, Wonderoo, Pebble",
              "building blocks, toy car", "balok susun, mobil mainan", "Bausteine, Spielzeugauto",
              "مكعبات بناء, سيارة لعبة"),
    _category("baby", "toys", 5, 4, 240, "Pebble, Pipkin, Nestling, Purista, Wonderoo",
              "stroller, baby bottle", "kereta bayi, botol bayi", "Kinderwagen, Babyflasche", "عربة أطفال, رضاعة"),
    _category("fitness", "sports", 5, 4, 320, "Pacewell, Strider, Ironbay, Aerion, Flexa",
              "yoga mat, dumbbells", "matras yoga, dumbel", "Yogamatte, Hanteln", "سجادة يوغا, أوزان"),
    _category("bicycles", "sports", 2, 60, 1300, "Nordlauf, Velaro, Pacewell, Ironbay, Axiom",
              "bicycle, bike helmet", "sepeda, helm sepeda", "Fahrrad, Fahrradhelm", "دراجة هوائية, خوذة دراجة"),
    _category("snacks", "food", 5, 2, 45, "Halwa, Meadow, Tropika, Nutwell, Oakfield",
              "snack box, mixed nuts", "kotak camilan, kacang campur", "Snackbox, Nussmischung",
              "صندوق تسالي, مكسرات مشكلة"),
    _category("coffee", "food", 4, 4, 120, "Tropika, Majlis, Oakfield, Halwa, Nordheim",
              "coffee beans, instant coffee", "biji kopi, kopi instan", "Kaffeebohnen, Instantkaffee",
              "حبوب قهوة, قهوة عربية"),
    _category("supplements", "food", 4, 5, 85, "Nutwell, Purista, Flexa, Vitaro, Ironbay",
              "vitamins, protein powder", "vitamin, bubuk protein", "Vitamine, Proteinpulver",
              "فيتامينات, مسحوق بروتين"),
)  # fmt: skip

#: An item without a brand.
NO_BRAND = {"en": "", "id": "", "de": "", "ar": ""}
ADJECTIVES = {
    "en": ("new", "premium", "lightweight", "classic", "for women", "for men", "gift set", "waterproof", "original",
           "2026 model", "limited edition", "large"),
    "id": ("baru", "premium", "ringan", "klasik", "wanita", "pria", "paket hadiah", "tahan air", "original",
           "model 2026", "edisi terbatas", "besar"),
    "de": ("neu", "Premium", "leicht", "klassisch", "Damen", "Herren", "Geschenkset", "wasserdicht", "Original",
           "Modell 2026", "limitierte Auflage", "groß"),
    "ar": ("جديد", "فاخر", "خفيف الوزن", "كلاسيكي", "نسائي", "رجالي", "طقم هدايا", "مقاوم للماء", "أصلي",
           "موديل 2026", "إصدار محدود", "كبير"),
}  # fmt: skip
COLOURS = {
    "en": ("black", "white", "blue", "red", "beige", "green", "pink", "grey"),
    "id": ("hitam", "putih", "biru", "merah", "krem", "hijau", "merah muda", "abu-abu"),
    "de": ("schwarz", "weiß", "blau", "rot", "beige", "grün", "rosa", "grau"),
    "ar": ("أسود", "أبيض", "أزرق", "أحمر", "بيج", "أخضر", "وردي", "رمادي"),
}
#: What a misleading title adds.
BAIT = {
    "en": "FREE GIFT 90% OFF BEST SELLER", "id": "GRATIS ONGKIR DISKON 90% TERLARIS",
    "de": "GRATIS 90% RABATT BESTSELLER", "ar": "هدية مجانية خصم 90% الأكثر مبيعا",
}  # fmt: skip
#: What is forbidden to sell, by language, as a seller would write it.
FORBIDDEN = {
    "en": ("switchblade", "weight loss injection", "signal jammer"),
    "id": ("pisau lipat otomatis", "suntik kurus", "jammer sinyal"),
    "de": ("Springmesser", "Abnehmspritze", "Störsender"), "ar": ("سكين قابل للطي", "حقن تنحيف", "جهاز تشويش"),
}  # fmt: skip
#: Titles of videos and streams.
SHOWS = {
    "en": ("live now:", "unboxing", "honest review of", "my favourite", "today only:", "how to style"),
    "id": ("live sekarang:", "unboxing", "ulasan jujur", "favoritku", "khusus hari ini:", "cara padu padan"),
    "de": ("jetzt live:", "ausgepackt:", "ehrlich getestet:", "mein Liebling:", "nur heute:", "so kombiniert man"),
    "ar": ("بث مباشر الآن:", "فتح صندوق", "مراجعة صادقة", "المفضل لدي", "اليوم فقط:", "كيف تنسق"),
}
