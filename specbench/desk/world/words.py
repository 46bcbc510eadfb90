"""Words the support desk is made of: names, streets, cities, products. All invented or generic; no real person.

Large and diverse on purpose: a model trained on desk conversations has to copy words, not to remember them. Surnames,
streets and cities are partly composed from syllables, which gives many more than anyone would list.
"""

from __future__ import annotations

__all__ = ["BRANDS", "CARRIERS", "CATALOGUE", "CITIES", "COLORS", "FIRST_NAMES", "LAST_NAMES", "STATES", "STREETS"]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES: tuple[str, ...] = _words(
    """
    Aaliyah Aaron Abdul Abigail Ada Adele Adnan Adrian Agnes Ahmed Aiko Aileen Aisha Akira Alan Alba Albert Aldo
    Alejandra Alexei Alfonso Alice Alina Alistair Alma Alondra Alvin Amara Amelie Amina Amos Anders Andrea Angus
    Anika Anita Anjali Annika Anselm Anton Anya Arash Archie Ariadne Arjun Arlo Armando Arthur Asha Ashley Astrid
    Athena Audrey August Aurora Ava Axel Ayla Ayumi Barbara Bart Basil Beatriz Benedict Benita Bernadette Bertrand
    Bianca Bilal Birgit Bjorn Blake Bodhi Boris Bram Brenda Brigitte Bruno Caleb Callum Camila Candice Carla Carmen
    Caspian Cecilia Cedric Celeste Chandra Chen Chidi Chiara Chloe Ciaran Clara Claude Clement Colette Conrad Cora
    Cosima Cyrus Dahlia Damian Dana Daphne Darius Dashiell Davide Deepa Delia Demetrius Denise Desmond Devika Diego
    Dilan Dimitri Dina Dmitri Dolores Dominic Donovan Dora Dougal Dylan Ebony Edda Edgar Edith Efrain Eileen Einar
    Elena Eleni Elias Elif Eloise Elsa Emeka Emil Emre Enid Enrique Erasmo Erin Esme Esteban Esther Ethan Eugenia
    Eva Ewan Ezra Fabian Farah Fatima Felicity Felix Fernanda Fidel Fiona Flora Florian Frances Franco Freya Frida
    Gabriela Gareth Gemma Genevieve Giada Gideon Gilbert Giovanni Gita Gloria Gordon Grace Graham Greta Griffin
    Gustav Gwen Hadiya Hana Hannes Harold Harriet Haruto Hassan Hazel Hector Heidi Helga Henrik Hilda Hiro Holly
    Hugo Ian Ibrahim Ida Ignacio Igor Ilse Imani Imogen Ines Ingrid Irina Isaac Isla Ismail Ivan Ivy Jada Jakub
    Jamal Janet Jasmine Javier Jelena Jerome Jiho Joanna Joaquin Jonas Jorge Josephine Juan Judith Juliet Jun Kai
    Kalinda Kamal Karim Karolina Katya Keiko Kendra Kenji Kerstin Khadija Kieran Kiran Klara Kofi Kurt Kwame Lachlan
    Laila Lars Latoya Laurent Layla Leandro Leila Lena Leopold Leticia Liam Lidia Linus Livia Lorenzo Lotte Lucia
    Ludwig Luis Lydia Mabel Magnus Mahmoud Maite Malik Manuela Marcel Margot Mariam Marek Marisol Mateo Matilda Maya
    Mehmet Mei Melinda Mercy Mika Milan Mina Mireille Mohan Moira Monica Morgan Murray Mustafa Myra Nadia Naoko
    Narges Natalia Nathan Neha Nell Nestor Nia Nicolas Niko Nils Nina Noor Nora Octavia Odette Olaf Olga Oliver Omar
    Ondine Oscar Otis Ottilie Pablo Padma Paloma Pascal Patrick Paulina Pedro Penelope Percy Petra Philippa Pia
    Pierre Piotr Priya Quentin Quinn Rachel Rafael Rahul Ramona Rania Raquel Rashid Ravi Rebecca Reggie Renata Rhys
    Ricardo Rina Roberta Rohan Roland Rosalind Ruben Rufus Ruth Sabine Sadie Sakura Salma Samir Sandra Santiago Sara
    Saskia Satoshi Sean Selma Serena Shanice Sheila Shreya Sidney Sigrid Silas Simone Sofia Soren Stanley Stella
    Sunita Svetlana Sybil Tabitha Tadeo Takumi Tamara Tariq Tatiana Teresa Thabo Thandi Theodora Tobias Tomas Trevor
    Tristan Uma Ursula Valentina Vanessa Veronica Victor Vikram Viola Vivian Wanda Warren Wendy Wilhelm Winona
    Xavier Ximena Yara Yasmin Yelena Yolanda Yosef Yuki Yusuf Zachary Zainab Zara Zelda Zeynep Zofia Zoltan Zuri
    """
)

_SURNAMES = _words(
    """
    Abara Abbasi Acosta Adeyemi Agarwal Aguilar Akhtar Almeida Alvarez Amundsen Anand Andersson Arslan Asante Bakker
    Banerjee Barros Bauer Becker Beltran Bergman Bhatt Bianchi Boateng Borges Bose Botha Brandt Bruun Cabrera
    Cardoso Castillo Chatterjee Chavez Chowdhury Christensen Cisneros Clarke Contreras Costa Cruz Dahl Dang Demir
    Deshmukh Diallo Dimitrov Dubois Duarte Dvorak Eriksen Escobar Eze Farouk Fernandes Ferrari Fischer Fontaine
    Fujita Gallo Garza Georgiou Ghosh Gomez Grabowski Gruber Gupta Gutierrez Haddad Hakimi Halvorsen Hansen
    Hashimoto Hernandez Herrera Hoang Hoffmann Horvat Hussain Ibarra Ivanova Iyer Jankowski Jansen Jimenez Johansson
    Joshi Kaplan Kapoor Karlsson Kaur Keller Khalil Kimura Kovacs Kowalczyk Kruger Kumar Laine Laurent Lehmann
    Leroux Lindqvist Lombardi Lopes Macedo Mahlangu Malhotra Mancini Marchetti Martins Mbeki Medina Mehta Mendoza
    Meyer Mishra Molina Moretti Morozov Mukherjee Nakamura Navarro Ndlovu Nguyen Nielsen Novak Nwosu Obi Ochoa
    Okafor Olsen Onyango Ortega Osei Ozturk Pacheco Papadakis Patel Pereira Petrov Pham Popescu Qureshi Rahman
    Ramirez Rao Reyes Ricci Rinaldi Rojas Romero Rosario Rossi Sadiq Salazar Sandoval Santos Sato Schneider Schultz
    Serrano Shapiro Sharma Silva Sokolov Solberg Soto Suzuki Szabo Tanaka Tembo Thapa Tran Trujillo Ueda Valdez
    Varga Vasquez Velasco Vogel Volkov Wagner Weiss Wojcik Yamada Yilmaz Zamora Zapata Zhou Ziegler
    """
)
_HEADS = _words(
    """
    Alder Ash Barn Beck Birch Black Brook Burn Cedar Clay Copper Cray Dun East Elm Fair Fern Glen Gold Green Hale
    Hart Haw Hazel Heath Holl Kings Lang Lin Maple March Mill North Oak Old Penn Pine Quarry Raven Red Rock Rose
    Salt Silver Stone Sun Thorn Wake Wal Wes Whit Wild Win
    """
)
_NAME_TAILS = _words("bury combe croft field ford ham hurst ley man ridge shaw son stead ton ward wood worth")
_CITY_TAILS = _words("bridge brook burg dale falls field haven mont mouth point port side vale view ville water")
_STREET_KINDS = _words("Avenue Boulevard Circle Court Drive Lane Parkway Place Road Row Street Terrace Trail Way")
_STREET_WORDS = _words(
    """
    Acorn Amber Anchor Apple Arbor Aspen Autumn Beacon Bell Bluff Canal Canyon Cherry Chestnut Church Clover College
    Cypress Depot Dogwood Eagle Ember Falcon Foundry Garden Granite Harbor Harvest Heron Hickory Highland Hill Ivy
    Jasper Juniper Lake Larch Laurel Liberty Lilac Linden Magnolia Main Marble Market Meadow Mercer Mulberry Myrtle
    Nectar Olive Orchard Park Pearl Pebble Poplar Prairie Prospect River Sage School Sequoia Spring Spruce Summit
    Sycamore Tamarack Union Valley Vine Walnut Washington Willow Windmill Zephyr
    """
)

LAST_NAMES: tuple[str, ...] = _SURNAMES + tuple(head + tail for head in _HEADS for tail in _NAME_TAILS)
CITIES: tuple[str, ...] = tuple(head + tail for head in _HEADS for tail in _CITY_TAILS)
STREETS: tuple[str, ...] = tuple(f"{word} {kind}" for word in _STREET_WORDS for kind in _STREET_KINDS)
STATES: tuple[str, ...] = _words("AZ CA CO FL GA IL MA MD MI MN NC NJ NM NV NY OH OR PA TN TX UT VA WA WI")
COLORS: tuple[str, ...] = _words("black white grey navy red green teal olive sand copper purple yellow")
CARRIERS: tuple[tuple[str, str], ...] = (("Parcelo", "PX"), ("NorthPost", "NP"), ("QuickVan", "QV"), ("Bluewing", "BW"))
BRANDS: tuple[str, ...] = _words(
    """
    Alvero Arctus Bexley Borealis Brightly Calder Corvo Dantec Dellum Domika Elvaro Ferrin Fjord Galdor Glimmer
    Hartwell Helios Ibex Intaro Juno Kestrel Kodra Lumen Marlow Mistral Norvik Nimbus Orlo Ostara Pavo Quillon
    Ravello Sorrel Solano Tamsin Tindra Umbra Veloce Vireo Wexford Yarrow Zephyra
    """
)

#: category -> (warranty in months, what there is of it with its usual price)
CATALOGUE: dict[str, tuple[int, dict[str, int]]] = {
    "lighting": (24, {"desk lamp": 38, "floor lamp": 84, "ceiling light": 66, "night light": 15, "lantern": 27}),
    "kitchen": (24, {"kettle": 42, "toaster": 48, "blender": 79, "coffee grinder": 55, "frying pan": 34, "teapot": 26}),
    "audio": (12, {"headset": 89, "bluetooth speaker": 65, "soundbar": 170, "microphone": 74, "record player": 190}),
    "computing": (24, {"keyboard": 62, "wireless mouse": 29, "webcam": 54, "monitor stand": 41, "router": 110}),
    "outdoor": (12, {"tent": 180, "sleeping bag": 85, "camping stove": 58, "water bottle": 19, "hammock": 47}),
    "clothing": (6, {"rain jacket": 95, "fleece": 54, "wool scarf": 28, "denim shirt": 46, "beanie": 17, "hoodie": 49}),
    "fitness": (12, {"yoga mat": 31, "dumbbell set": 92, "jump rope": 13, "foam roller": 24, "exercise bike": 310}),
    "home": (12, {"throw blanket": 36, "wall clock": 33, "picture frame": 18, "laundry basket": 27, "doormat": 21}),
    "garden": (12, {"garden hose": 39, "plant stand": 44, "watering can": 23, "bird feeder": 25, "trowel": 12}),
    "toys": (6, {"puzzle": 16, "board game": 37, "kite": 22, "train set": 68, "plush bear": 24}),
    "luggage": (60, {"suitcase": 140, "backpack": 78, "duffel bag": 64, "toiletry bag": 25, "garment bag": 59}),
    "office": (
        12,
        {"office chair": 210, "standing desk": 340, "desk organizer": 22, "paper shredder": 88, "whiteboard": 52},
    ),
}
