"""Who sells and who buys, told from labels, letterheads, address windows and imprints."""

from sapmatch.pages.expense import expense_document
from tests.builders.pages import Placed, page, summary

LETTERHEAD: tuple[Placed, ...] = (
    (600, 20, "Steinbach Werkzeuge"),
    (600, 50, "Am Hafen 3"),
    (600, 80, "20457 Hamburg"),
    (600, 110, "Tel. 040 123456"),
)
WINDOW: tuple[Placed, ...] = (
    (60, 200, "Nordwind Logistik"),
    (60, 230, "Kaiserweg 12"),
    (60, 260, "38100 Braunschweig"),
)


def _names(kind: str, *placed: Placed) -> list[str]:
    return summary(expense_document(page(*placed)), kind)


def test_letterhead_and_address_window_are_told_apart_without_labels() -> None:
    title = (60, 400, "Rechnung 4711")
    assert _names("VENDOR_NAME", *LETTERHEAD, *WINDOW, title)[0] == "Steinbach Werkzeuge"
    assert _names("RECEIVER_NAME", *LETTERHEAD, *WINDOW, title) == ["Nordwind Logistik"]


def test_a_sender_line_over_the_window_names_the_vendor() -> None:
    """DIN 5008: name, street and town in one small line over the recipient's address."""
    sender = (60, 160, "Steinbach Werkzeuge GmbH - Am Hafen 3 - 20457 Hamburg")
    title = (60, 400, "Rechnung 4711")
    assert _names("VENDOR_NAME", sender, *WINDOW, title)[0] == "Steinbach Werkzeuge GmbH"
    assert _names("RECEIVER_NAME", sender, *WINDOW, title) == ["Nordwind Logistik"]


def test_a_web_address_tells_the_vendor_from_other_names() -> None:
    lines = (
        (60, 20, "Spring Campaign"),
        (60, 80, "Larkfield Tools"),
        (60, 500, "www.larkfield.example"),
    )
    assert _names("VENDOR_NAME", *lines)[0] == "Larkfield Tools"


def test_on_a_till_slip_the_name_over_the_heading_sells() -> None:
    slip = (
        (20, 0, "KEDAI SINAR"),
        (20, 30, "NO. 5 JALAN BESAR"),
        (20, 60, "40100 SHAH ALAM"),
        (20, 90, "GST NO: 000111222333"),
        (20, 130, "TAX INVOICE"),
        (20, 170, "MAJU BINA SDN BHD"),
        (20, 210, "Total"),
        (200, 210, "5.00"),
    )
    assert _names("VENDOR_NAME", *slip)[0] == "KEDAI SINAR"


def test_a_registration_number_is_no_part_of_the_name() -> None:
    assert _names("VENDOR_NAME", (20, 0, "MAJU BINA SDN BHD (123456-X)"), (20, 90, "x y")) == [
        "MAJU BINA SDN BHD"
    ]


def test_a_heading_is_no_name() -> None:
    lines = ((20, 0, "Project Statement"), (20, 40, "Larkfield Tools Ltd."))
    assert _names("VENDOR_NAME", *lines)[0] == "Larkfield Tools Ltd."


def test_a_logo_to_the_far_right_of_a_label_is_not_its_value() -> None:
    lines = ((60, 20, "Rechnungsersteller"), (950, 20, "LOGO"), (60, 50, "Steinbach GmbH"))
    assert _names("VENDOR_NAME", *lines) == ["Steinbach GmbH"]


def test_numbers_between_a_label_and_the_name_are_passed_over() -> None:
    lines = (
        (60, 20, "Käufer"),
        (60, 50, "Nummer"),
        (300, 50, ": 4711"),
        (60, 80, "GLN 4304171000002"),
        (60, 110, "Nordwind Logistik"),
    )
    assert _names("RECEIVER_NAME", *lines) == ["Nordwind Logistik"]


def test_a_name_may_have_a_label_of_its_own_below_the_party() -> None:
    lines = ((60, 20, "Verkäufer"), (60, 50, "Name:"), (300, 50, "Steinbach GmbH"))
    assert _names("VENDOR_NAME", *lines) == ["Steinbach GmbH"]


def test_a_contact_person_over_the_company_is_not_the_buyer() -> None:
    lines = ((60, 20, "CLIENT:"), (60, 50, "Contact: M. Durand"), (60, 80, "Nordwind SARL"))
    assert _names("RECEIVER_NAME", *lines) == ["Nordwind SARL"]


def test_a_delivery_address_alone_names_the_buyer_weakly() -> None:
    lines = (
        (600, 20, "Steinbach GmbH"),
        (60, 200, "Ship to"),
        (60, 230, "Nordwind Logistik"),
        (60, 260, "Kaiserweg 12"),
        (60, 290, "38100 Braunschweig"),
        (60, 900, "Thank you"),
    )
    assert _names("RECEIVER_ADDRESS", *lines) == ["Nordwind Logistik"]
    assert _names("RECEIVER_NAME", *lines) == ["Nordwind Logistik"]
    assert _names("VENDOR_NAME", *lines)[0] == "Steinbach GmbH"


def test_whose_vat_id_it_is_follows_from_the_address_over_it() -> None:
    lines = (
        (60, 20, "Fournisseur"),
        (60, 50, "Steinbach SARL"),
        (60, 80, "75018 PARIS"),
        (60, 110, "N° TVA: FR11123456782"),
        (600, 20, "Client"),
        (600, 50, "Nordwind SARL"),
        (600, 80, "06000 NICE"),
        (600, 110, "N° TVA: FR05987654321"),
    )
    assert _names("VENDOR_VAT_NUMBER", *lines) == ["FR11123456782"]
    assert _names("RECEIVER_VAT_NUMBER", *lines) == ["FR05987654321"]


def test_your_vat_id_is_the_buyers() -> None:
    assert _names("RECEIVER_VAT_NUMBER", (0, 0, "Ihre USt-IdNr.: DE123456789")) == ["DE123456789"]
    assert _names("VENDOR_VAT_NUMBER", (0, 0, "Ihre USt-IdNr.: DE123456789")) == []


def test_a_vat_id_beside_the_customer_number_is_less_sure() -> None:
    lines = (
        (600, 0, "Kundennummer: K1000"),
        (600, 30, "USt-IdNr.: DE111111111"),
        (0, 900, "USt-IdNr.: DE222222222"),
    )
    sure = {
        field["ValueDetection"]["Text"]: field["Type"]["Confidence"]
        for field in expense_document(page(*lines))["SummaryFields"]
        if field["Type"]["Text"] == "VENDOR_VAT_NUMBER"
    }
    assert sure["DE222222222"] > sure["DE111111111"]


def test_the_department_behind_a_name_is_no_part_of_it() -> None:
    service = (600, 20, "Steinbach Werkzeuge Service Clients")
    title = (60, 400, "Facture 4711")
    assert _names("VENDOR_NAME", service, *LETTERHEAD[1:], *WINDOW, title)[0] == (
        "Steinbach Werkzeuge"
    )
