"""The closed lists of English words that a text may use only where a fact holds them.

A line is a term; `=` gives its other forms, `<` the wider terms that it proves (oak is wood). Small letters,
hyphens written as spaces; plurals need no form of their own.
"""

from __future__ import annotations

MATERIALS = """
acetate
acrylic = plexiglass, perspex < plastic
alpaca < wool
aluminium = aluminum < metal
angora < wool
bamboo
beech = beechwood < wood
beeswax < wax
birch < wood
boucle
boxwood < wood
brass < metal
bronze < metal
buckwheat
calfskin < leather
carbon fibre = carbon fiber
carbon steel < steel, metal
cashmere < wool
cast iron < iron, metal
cedar = cedarwood < wood
ceramic = ceramics
chenille
chiffon
chrome = chromed, chrome plated < metal
concrete
copper < metal
cordura < nylon, synthetic
corduroy < cotton
cork
cotton
cowhide < leather
denim < cotton
duck down < down
earthenware < ceramic
elastane = spandex, lycra
enamel = enamelled, enameled
faux fur
faux leather = vegan leather, leatherette, pleather
fibreglass = fiberglass
flannel
fleece
foam
goatskin < leather
goose down < down
gore tex
granite < stone
graphite
hemp
horsehair
jersey
jute
kevlar
lambskin < leather
lambswool < wool
latex
leather
linen = flax
magnesium < metal
mahogany < wood
marble < stone
mdf
melamine
merino < wool
mesh
metal = metallic, alloy
microfibre = microfiber
modal
mohair < wool
neoprene
nickel < metal
nitrile < rubber
nubuck < leather
nylon = polyamide < synthetic
oak < wood
paraffin < wax
peva < plastic
pewter < metal
plastic
plywood < wood
polycarbonate < plastic
polyester < synthetic
polyethylene = polythene < plastic
polypropylene < plastic
polyurethane
porcelain < ceramic
pvc = vinyl < plastic
quartz
rattan
resin
ripstop
rubber
satin
seagrass
sheepskin = shearling < wool
sherpa
silicone
silk
soapstone < stone
stainless steel < steel, metal
steel < metal
stoneware < ceramic
suede < leather
teak < wood
terracotta < clay, ceramic
titanium < metal
tpu < plastic
tritan < plastic
tweed < wool
velour
velvet
veneer
viscose = rayon
walnut < wood
wicker
wood = wooden, timber, hardwood, softwood, driftwood
wool = woollen, woolen, woolly
zinc = galvanised, galvanized < metal
"""

# Words of everyday language as well: a material only where the text says something is made of it.
AMBIGUOUS_MATERIALS = """
ash < wood
canvas
cardboard < paper
clay
crystal < glass
elm < wood
felt
fur
glass
gold
iron
lace
maple < wood
paper
pine < wood
platinum
silver
slate < stone
stone
straw
tin < metal
wax
"""

COLOURS = """
aqua
aubergine < purple
beige
black
blue
brown
burgundy < red
charcoal < grey
crimson < red
cyan < blue
fuchsia < pink
green
grey = gray
indigo < blue
ivory
khaki
lavender < purple
lilac < purple
magenta < pink
maroon < red
mauve < purple
multicolour = multicoloured, multicolor, multicolored
navy < blue
ochre
pink
purple
red
scarlet < red
taupe
teal
turquoise
violet < purple
white
yellow
"""

# Colours only behind "in", as in "in olive".
AMBIGUOUS_COLOURS = """
amber
anthracite < grey
apricot
bronze
champagne
cherry < red
chestnut < brown
chocolate < brown
copper
coral
cream
denim
emerald < green
gold = golden
graphite < grey
lemon < yellow
lime < green
mint < green
moss < green
mustard < yellow
oatmeal
olive < green
orange
peach
pearl
pebble
petrol
plum < purple
rose < pink
rust
sage < green
salmon < pink
sand
silver
slate < grey
tan < brown
wine < red
"""

CLAIMS = """
absorbent = super absorbent
adjustable
airtight = air tight
all natural = completely natural
allergen free
anti bacterial = antibacterial, antimicrobial, anti microbial
anti fog
anti static
authentic
award winning = prize winning, multi award winning
bestselling = best selling, bestseller, best seller, top selling
biodegradable
bluetooth
bpa free
breathable
carbon neutral = climate neutral, climate positive, carbon negative, net zero
certified = certification, oeko tex, gots, fsc
chemical free
child safe = childproof, child proof, baby safe
clinically proven = clinically tested, scientifically proven, proven
compostable
cordless
crease resistant = wrinkle free, wrinkle resistant, non iron, easy iron
cruelty free
dermatologist = dermatologically
dishwasher safe = dishwasher proof
durable = hard wearing, hardwearing, durability, built to last
dustproof = dust proof, dust resistant
eco friendly = ecofriendly, environmentally friendly, environment friendly, earth friendly, planet friendly
ecological = eco conscious, eco
energy efficient = energy saving
ergonomic = ergonomically
ethical = ethically, ethically made, ethically sourced
fade resistant = fadeproof, colourfast, colorfast
fair trade = fairtrade, fairly traded
fireproof = fire proof, flameproof, fire resistant, flame resistant, flame retardant, fire retardant
foldable = folding, fold up, folds flat, collapsible
food safe = food grade
freezer safe
gluten free
hand painted = handpainted
hand stitched = hand sewn, handsewn, hand quilted
hand woven = handwoven, hand knitted
handmade = hand made, handcrafted, hand crafted, handcraft, hand built, made by hand, artisan, artisanal
heat resistant = heatproof, heat proof
heavy duty
heirloom
hypoallergenic = hypo allergenic, allergy friendly
indestructible = unbreakable, shatterproof
insulated = insulating, insulation, vacuum insulated
leakproof = leak proof, leak free, leaktight, spill proof, spillproof
lifelong = lifetime, life long
lightweight = light weight, ultralight, ultra light, featherweight
limited edition
long lasting = everlasting
machine washable = machine wash, washing machine safe
microwave safe = microwaveable, microwavable
non slip = nonslip, anti slip, slip resistant
non stick = nonstick
non toxic = nontoxic, toxin free
odourless = odorless, odour free, odor free, odour resistant, odor resistant
organic = organically
oven safe = ovenproof, oven proof
padded
patented = patent
plant based
plastic free
portable
quick drying = quick dry, fast drying, drying quick, dries quickly, dries fast
quilted = quilt, quilting
rechargeable
recyclable
recycled = upcycled, reclaimed
reflective
reliable = reliability
removable = detachable
reversible
robust
rugged
rustproof = rust proof, rust free, rust resistant, corrosion resistant
scratchproof = scratch proof, scratch resistant
self cleaning
shockproof = shock proof, shock resistant, drop proof
showerproof < water resistant
shrink resistant = shrinkproof, pre shrunk
solar = solar powered
stackable
stain resistant = stainproof, stain proof, stain repellent
sturdy
sugar free
sustainable = sustainably, sustainability
tamper proof
tarnish resistant
telescopic
touchscreen = touch screen
uv = upf, spf
vegan
vegetarian
warranty = guarantee, guaranteed, guarantees, warranted
water resistant = water repellent, waterrepellent, water resistance, splashproof, splash proof, splash resistant
waterproof = water proof, watertight, waterproofing, waterproofed < water resistant, weatherproof
weatherproof = weather proof, weather resistant, all weather
wifi = wi fi
windproof = wind proof, wind resistant
wireless
zero waste
"""

SUPERLATIVES = """
best = the very best, best in class
cutting edge
exclusive = exclusively
finest
flawless
greatest
high quality = highest quality, top quality, superior quality, quality guaranteed
iconic
legendary
luxury = luxurious, luxuriously, luxe, deluxe, opulent
market leading = industry leading
number one = no 1
one of a kind
perfection
premium
professional grade = professional quality
revolutionary = groundbreaking
state of the art
superior
top rated = highly rated, highest rated, five star
ultimate
unbeatable = unrivalled, unrivaled, unmatched, unparalleled, unsurpassed, incomparable
world class = world leading, world famous, world renowned
"""

# Praise that a fact can hardly hold; an editor may want to know.
PUFFERY = """
affordable
amazing
awesome
beautiful = beautifully
cheap = inexpensive
comfortable = comfort, comfortably, comfy
compact
convenient = conveniently
elegant = elegance
essential
excellent
exceptional
fabulous
fantastic
favourite = favorite
gorgeous
ideal = ideally
incredible
innovative
irresistible
magical
must have
natural = naturally
perfect = perfectly
powerful
practical
stunning
stylish = stylishly
timeless
unique
versatile
wonderful
"""

OFFERS = """
back in stock
bargain
best price = low price, lowest price, great price, unbeatable price, affordable price
cash on delivery
cheapest
discount = discounted, discounts
free delivery = free shipping, ships free
free gift
free returns
half price
hurry
in our sale = on sale, special offer, clearance, flash sale
in stock
limited time = time limited, today only
money back
next day delivery = same day delivery, express delivery
on offer
order now = buy now, shop now, order today, buy today
out of stock = sold out, selling fast
reduced price = price cut, price drop
while stocks last = while supplies last
"""
