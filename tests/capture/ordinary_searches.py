"""Searches as shops get them, none of which leads to a person."""

from __future__ import annotations

SEARCHES = """
red tent
rain jacket men
wh-1000xm4
sony wh-1000xm5 black
40x60 cm 2024
40 x 60 cm
120x200 matratze
matratze 140 x 200 h3
bilderrahmen 50x70
regal 600 400 300
schrank 200 x 60 x 220 cm
teppich 160x230
tischdecke 130 x 220
vorhang 245 140
poster 61x91,5 cm
leinwand 3 teilig 120 80
4006381333931
ean 4006381333931
4006381333931 2024
5901234123457
0614141000418
036000291452
012345678905
96385074
40170725
10614141000415
gtin 5901234123457 stabilo
978-3-16-148410-0
978-0-306-40615-7
9783161484100
isbn 978 3-16-148410-0
0-306-40615-2
3-16-148410-0
iphone 15 pro max 256 gb
iphone 15 128gb
iphone-15-case
samsung galaxy s24 ultra 512
sm-g991b
sm-s928b/ds
galaxy tab a9+ 11 zoll
macbook air 13 m3 2024
thinkpad x1 carbon gen 12
rtx 4090 24gb
rtx 4070 ti super
gtx-1080
ryzen 7 7800x3d
intel i7-14700k
ddr5 6000 32gb 2x16
ddr4 3200 cl16
ssd 2tb nvme 990 pro
hdd 8 tb 7200 rpm
monitor 27 zoll 2560x1440
monitor 1920 1080 144hz
tv 55 zoll 4k 120hz
3840x2160 60hz
usb-c 3.2 gen 2
hdmi 2.1 kabel 2m
cat 7 kabel 10m
cr2032
cr2032 10er
lr44 aa 1.5v
18650 akku 3500mah
akku 18v 4.0ah
led 5v 20ma
led e27 60w 806 lm 2700k
gu10 4.6w 345lm
6500 4000 kelvin
netzteil 12v 2a 5.5x2.1
widerstand 10k 0603
smd 0603 0805
smd 0402 0603 0805
lego 42115
lego 10300 delorean
lego 10300 42115
playmobil 71198
duplo 10913 1-3 jahre
puzzle 1000 teile
puzzle 1000 1500 2000
spielzeug ab 3 jahren
0-3 monate
body 50-56 62-68
gr. 86/92
strampler 0-3 3-6 6-9 monate
0-6 0-12 12-18 monate
kinder gr 92-98 104-110 116-122
schuhe 36 37 38 39 40
sneaker 42 43 44
stiefel gr. 38 1/2
socken 39-42 43-46
socken 35-38 39-42
jeans 32/34
jeans w32 l34
levis 501 32 32
501 original fit 33/32
hemd 39/40
bh 75b 80c
ring 50 52 54 56
ringe 16 17 18 19 mm
dress size 8 10 12 14
kleid 34 36 38 40
kleid gr 38-40 46-48
size 10.5
uk 7.5 us 8.5
shirt 100% cotton
100 g schafwolle
sockenwolle 4-fach 420m/100g
garn 50g 125m
nadeln 3,5 4,0 4,5
stricknadeln 2.5 3.0 3.5 4.0
perlen 4mm 6mm 8mm
stoff 150 cm breit
gardine 300x250
kissen 40x40 50x50
bettwäsche 135x200 80x80
bettwäsche 155x220 2-teilig
kallax 77x147
ikea 104.510.94
ikea 903.017.30
billy 80x28x202
pax 236 58 100
weber q 2200
bosch psr 18 li-2
bosch gsr 18v-55
makita ddf484
makita 6271d 12v
schrauben 4x40
schrauben m8 50 mm 100 stück
schrauben 3.5x35 500
dübel 8x40 200 stk
din 912 m6x20
iso 9001
din en 166
en 388 4131
bohrer 3 4 5 6 8 10
torx t10 t15 t20
schlauch 1/2 zoll 25 m
rohr 3/4
sägeblatt 190x30 48z
reifen 205/55 r16
reifen 205 55 r16 91v
225/45r17 94w
winterreifen 195/65 r15
5w-30 5l
5w30 longlife 504 507
motoröl 10w-40
h7 12v 55w
golf 7 2012-2019
bmw e46 1998-2005
audi a4 b8 2008-2015
filter vw 1.9 tdi 2004
fahrrad 28 zoll 21 gang
schlauch 28x1.75 47-622
kette 11-fach 118
mtb 29 2023
helm 54-58 cm
schwimmbrille 6-14
hantel 2x10kg
kettlebell 16 kg 24 kg
zelt 4 personen 3000mm
zelt 2-3 personen
schlafsack -10 grad
rucksack 30l 40l
isomatte 183x51
kühlbox 24 l 12v 230v
wein 2019 2020
riesling 2022 trocken
rotwein 2015 2016 2017 2018
whisky 12 jahre 0,7l
bier 20x0,5
wasser 6x1.5l
kaffee 1 kg
kaffee 1000 g crema
tee 20 beutel
proteinpulver 2,27 kg
vitamin d3 20000
omega 3 1000 mg 120
ibuprofen 400 mg 50 st
pzn 10019621
spf 50+ 200 ml
sonnencreme 50+ 200 300
lego 6+ 7+
eau de parfum 50 ml 100 ml
rasierer 9 pro+
windeln gr 4 9-14 kg
kalender 2025
kalender 2025 2026
planer 2024/2025
planer 01.01.2025 31.12.2025
2024-12-24 geschenk
adventskalender 24.12.2024
seit 05/2024
geschenk zum 18.
geschenk 50. geburtstag
kerze zahl 4 0
ab 19.99
unter 50 euro
19.99 29.99 39.99 49.99
100-200 euro
100 - 200 euro
1.299,00
1.299 €
10.000 mah powerbank
20.000 lumen
powerbank 20000mah 65w
500 000 lose
50% rabatt
2 for 1
3 für 2
a4 80g 500 blatt
a3 a4 a5
briefumschlag c6/5 1000
toner 207x
hp 301 xl
hp 963 xl 4er
canon pg-545 cl-546
epson 603 xl
brother tn-2420
kodak gold 200
objektiv 70-200 f2.8
objektiv 24-70 2.8
canon rf 100-500
50mm f1.8
128gb v30 100mb/s
switch oled
ps5 slim 1tb
xbox series x
nintendo 3ds xl
gba sp 101
vinyl 180g
cd 3 alben 1990-1999
top 100 2023
band 1 2 3
manga 1-10
harry potter 1-7
1984 orwell
fahrenheit 451
2001 odyssee
007 james bond
catch-22
24/7
t-shirt @home
f@mily shirt
led 5v@20.5ma
look at me pullover
jacket at zalando.de
polka dot dress
at home spa
c# buch
.net 8
c++ 20 buch
mission: impossible
o'neill bikini
m&m's 1kg
7-up 0.33
café crème
ботинки 42
куртка 48-50
معطف 52
雨衣 170
レインコート 160
바지 32
apple watch 41mm 45mm
watch 5 44 mm
fitbit charge 6
airpods pro 2
dyson v15
roomba 694 j7
philips hue 800 lm 4er
gardena 18300-20
hartan 2 in 1
ab12 red tent for two
rx78 gundam 1/144
1/18 modellauto
h0 1:87
spur n 1:160
märklin 39245
faller 130575
noch 24700
hornbach 10 50 100
nr. 5 chanel
no 7 serum 30ml
4711
1a qualität
b08n5wrwnw
x-t5 16-80
a7 iv 28-70
dji mini 4 pro
gopro 12
1 2 3 4 5
10 20 30
60 90 120 led
12 24 36 48
2 x 4 x 8
100 200 300 400
555-2671
""".strip().splitlines()
