"""What do shoppers write? Short texts by language, by what they are about."""

from __future__ import annotations

#: Reviews by stars: good, middling, bad; then of fakes.
REVIEWS = {
    "en": (("Exactly as described, love it", "Great quality, fast delivery", "Will buy again", "Perfect, thank you"),
           ("It is fine for the price", "Okay, but smaller than I thought"),
           ("Broke after two days", "Not as in the pictures", "Poor quality, do not buy")),
    "id": (("Sesuai deskripsi, suka sekali", "Kualitas bagus, pengiriman cepat", "Pasti beli lagi", "Mantap, makasih"),
           ("Lumayan untuk harganya", "Oke, tapi lebih kecil dari dugaan"),
           ("Rusak setelah dua hari", "Tidak sesuai foto", "Kualitas jelek, jangan beli")),
    "de": (("Genau wie beschrieben, sehr schön", "Gute Qualität, schnell geliefert", "Gerne wieder", "Perfekt, danke"),
           ("Für den Preis in Ordnung", "Ganz gut, aber kleiner als gedacht"),
           ("Nach zwei Tagen kaputt", "Nicht wie auf den Bildern", "Schlechte Qualität, Finger weg")),
    "ar": (("مطابق للوصف وأحببته كثيرا", "جودة ممتازة وتوصيل سريع", "سأشتري مرة أخرى", "ممتاز شكرا لكم"),
           ("مقبول مقابل السعر", "جيد لكنه أصغر مما توقعت"),
           ("انكسر بعد يومين", "ليس كما في الصور", "جودة سيئة لا تشتروه")),
}  # fmt: skip
FAKES = {
    "en": "Best shop ever five stars recommended", "id": "Toko terbaik bintang lima rekomendasi",
    "de": "Bester Shop fünf Sterne sehr zu empfehlen", "ar": "أفضل متجر خمس نجوم أنصح به",
}  # fmt: skip
#: Topics of complaints, and what is written.
COMPLAINTS = {
    "not_received": {"en": "My parcel has not arrived", "id": "Paket saya belum sampai",
                     "de": "Mein Paket ist nicht angekommen", "ar": "لم يصل طردي"},
    "counterfeit": {"en": "This is a fake", "id": "Ini barang palsu", "de": "Das ist eine Fälschung",
                    "ar": "هذا المنتج مقلد"},
    "injury": {"en": "It overheated and burnt my hand", "id": "Barangnya terlalu panas dan melukai tangan saya",
               "de": "Es wurde heiß und ich habe mich verbrannt", "ar": "سخن المنتج وأحرق يدي"},
    "not_as_described": {"en": "It is not what was shown", "id": "Tidak sesuai dengan yang ditampilkan",
                         "de": "Es ist nicht, was gezeigt wurde", "ar": "ليس كما هو معروض"},
    "damaged": {"en": "It came broken", "id": "Barang datang rusak", "de": "Es kam kaputt an",
                "ar": "وصل المنتج مكسورا"},
}  # fmt: skip
TOPICS = tuple(COMPLAINTS)
REPORTS = {
    "IPR-02": "counterfeit", "PSF-01": "dangerous", "PRO-04": "prohibited", "LST-03": "misleading",
    "CNT-06": "misleading", "none": "dislike",
}  # fmt: skip
