"""Names of the pretend world: its three companies' customers and the people who read their mail.

Data only. All of them are invented; addresses stand under the reserved domain `.example`.
"""

from __future__ import annotations

BUSINESSES: dict[str, str] = {
    "cedar": """
        Bellwether Dental Group|Sunrise Bakery & Café|Okafor Family Clinic|Nguyen Auto Repair|Maple Court Apartments|
        Ridgeline Brewing Co.|Castellano Imports|Blue Heron Yoga|Patel Pharmacy|Harborview Property Trust|
        Lopez & Daughters Catering|Kim's Garden Center|Pinecrest Elementary PTA|Alder Street Lofts HOA|
        Whitaker Vineyards|Desert Rose Spa|Bergstrom Cabinetry|Golden Lotus Restaurant|Two Rivers Veterinary|
        Marchetti Law Office|Summit Trail Outfitters|Lakeside Senior Living|Abernathy & Sons|Fern Hollow Nursery|
        Rosa's Flower Market|Union Square Books|Cortez Construction|Silver Birch Inn|Hamilton Car Wash|
        Tanaka Design Works|Prairie Wind Church|Beaumont Town Hall|O'Rourke's Pub|Evergreen Storage|
        Washington Youth Soccer|Haddad Grocers|Mendoza Tile & Stone|Clearwater Swim School|Ivy Lane Montessori|
        Dupont Roofing|Sandoval Ranch|Northgate Bowling""",
    "harbour": """
        Bramble & Finch Ltd|Ashworth Solicitors|The Copper Kettle|Adeyemi Consulting|Thistle Street Gallery|
        Shah Opticians|Greenwich Rowing Club|Marlowe Theatre Trust|Penhaligon Boatyard|Sutton Bros Removals|
        Kowalski Joinery|Little Acorns Nursery|Cavendish Estates|Brightwater Swimming|Hughes & Llewellyn|
        Rahman Textiles|Old Mill Cider|St Aldhelm's Parish|Fairweather Travel|Lindqvist Interiors|
        Atelier Moreau|Hafen Kontor GmbH|Pereira & Filhos|Okonkwo Media|Redgate Cycles|
        Winterbourne Farm Shop|Dalton Plumbing|Singh Catering Supplies|Foxglove Florists|Tyne Valley Podcasts|
        Barnaby's Toys|Merchant Quay Flats|Elmwood Surgery|Pryce Architects|Novak Photography|
        Kestrel Air Survey|Moorland Wool|Quayside Records|Tamsin Vale Ceramics|Yeo Valley Stoves""",
    "glen": """
        Ó Briain Teoranta|Murphy's Hardware|Connacht Dairy Co-op|Lough Ree Marina|Kavanagh Engineering|
        Byrne Dental Care|Ballinrobe Mart|Claddagh Seafoods|Nowak Bakery|Atlantic Way Hostels|
        Fitzgerald Motors|Slieve Bloom Timber|Casa Ferreira|Dunmore Credit Office|Healy Pharmacy|
        Kilbride Primary School|Galway Print House|Bianchi Gelato|Mulcahy Farms|Tara Street Dental|
        Keane & Walsh Solicitors|Shannon Freight|The Salt House|Brennan Opticians|Curragh Stables|
        Doyle's Corner Shop|Erne Valley Joinery|Liffey Rowing Club|Belfast Glassworks|Carrick Textiles|
        Oyelaran Care Homes|Donegal Knitwear|Petrov Logistics|Wexford Opera Society|Ryan Landscaping|
        Glasnevin Florist|Meath Tile Studio|Sheehan Electrical""",
}

PEOPLE = """
    Amara Okafor|Luca Castellano|Mei Tanaka|Grace Whitaker|Diego Lopez|Priya Patel|Hannah Bergstrom|Minh Nguyen|
    Samuel Washington|Leila Haddad|Carmen Mendoza|Noah Abernathy|Elise Dupont|Jin-ho Kim|Ruth Beaumont|Tomás Sandoval|
    Oliver Ashworth|Folake Adeyemi|Zainab Rahman|Gareth Llewellyn|Astrid Lindqvist|Camille Moreau|Jürgen Hafen|
    Inês Pereira|Harpreet Singh|Agnieszka Kowalski|Tamsin Vale|Edward Pryce|Petra Novak|Isla Redgate|Fatima Shah|
    Aoife Byrne|Ciarán Kavanagh|Siobhán Healy|Piotr Nowak|Giulia Bianchi|Niamh Keane|Declan Doyle|Maeve Brennan|
    Ivan Petrov|Tunde Oyelaran|Róisín Ryan|Fergus Mulcahy|Beatriz Ferreira|Eoin Fitzgerald|Gráinne Sheehan"""

WORK = {
    "cedar": ("Garden maintenance", "Spring planting", "Irrigation repair", "Tree care", "Patio design"),
    "harbour": ("Brand design", "Website care", "Photography day", "Print production", "Campaign artwork"),
    "glen": ("Machine service", "Spare parts", "Safety inspection", "Welding work", "Site visit"),
}


def listed(text: str) -> list[str]:
    """The names in one block, trimmed."""
    return [name.strip() for name in text.split("|")]
