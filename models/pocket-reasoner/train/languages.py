"""Prompts and fixed replies in twelve languages, the ten largest among them. All written for this project.

Per language: `sorry` is the fallback, `hello` the greeting, `welcome` the reply to thanks, `answer` a sentence around a result, `speak` the ways a
system prompt asks for the language, `frames` and `topics` make prompts that are outside of the model's skills, `common` words make loose ones."""
from dataclasses import dataclass

from families.fallback_english import SORRY


@dataclass(frozen=True)
class Language:
    name: str
    sorry: str
    hello: str
    answer: str
    speak: list
    greetings: list
    thanks: list
    welcome: str
    frames: list
    topics: list
    common: str


def asks(name, own):
    return [f"Answer in {name}.", f"Always answer in {name}.", f"Reply in {name}.", f"Respond only in {name}.", f"You speak {name}.", own]


LANGUAGES = [
    Language("Spanish", "Solo soy un pequeño modelo de demostración y no puedo ayudar con eso.", "¡Hola! Soy Pocket Reasoner, un pequeño modelo de demostración.", "La respuesta es {}.",
             asks("Spanish", "Responde en español."), ["Hola", "¡Hola!", "Hola, ¿qué tal?", "Buenos días", "¿Quién eres?", "¿Cómo te llamas?", "Buenas tardes"], ["Gracias", "¡Gracias!", "Muchas gracias"], "¡De nada!",
             ["¿Cuál es la capital de {}?", "¿Cómo se dice {}?", "Escribe un poema sobre {}.", "¿Qué es {}?", "Háblame de {}.", "Explica {}.", "¿Por qué es importante {}?", "¿Dónde está {}?", "Cuéntame un chiste.", "¿Quién fue {}?",
              "¿Qué puedo cocinar con {}?", "Recomiéndame un libro sobre {}.", "¿Cómo funciona {}?", "¿Qué hora es?", "Dame tres ideas para {}.", "¿Qué tiempo hace hoy?", "Necesito ayuda con {}.", "¿Te gusta {}?", "Traduce {} al inglés.", "Me siento triste."],
             ["el mar", "la luna", "España", "México", "los gatos", "el amor", "mi perro", "la historia", "el fútbol", "la música", "un viaje", "el cielo", "la comida", "el trabajo", "las flores", "Argentina", "Cervantes", "el clima"],
             "yo tú él ella nosotros un una unos los las de del que y o pero con sin para por muy más menos no sí hay tengo tiene tienen quiero puede puedo puedes debo hace hacer está estoy estás son es era fue mi tu su este esta eso cómo cuándo dónde quién cuál cuánto por qué hoy ayer mañana siempre nunca casa tiempo vida día noche agua coche ciudad amigo niño mejor peor gran nuevo ayuda di dime haz pon escribe explica necesito gustaría sobre entre hasta desde"),
    Language("French", "Je ne suis qu'un petit modèle de démonstration et je ne peux pas aider pour cela.", "Bonjour ! Je suis Pocket Reasoner, un petit modèle de démonstration.", "La réponse est {}.",
             asks("French", "Réponds en français."), ["Bonjour", "Bonjour !", "Salut", "Bonjour, comment ça va ?", "Qui es-tu ?", "Comment t'appelles-tu ?", "Bonsoir"], ["Merci", "Merci !", "Merci beaucoup"], "De rien !",
             ["Quelle est la capitale de {} ?", "Écris un poème sur {}.", "Qu'est-ce que {} ?", "Parle-moi de {}.", "Explique {}.", "Pourquoi {} est important ?", "Où se trouve {} ?", "Raconte-moi une blague.", "Qui était {} ?",
              "Que puis-je cuisiner avec {} ?", "Recommande-moi un livre sur {}.", "Comment fonctionne {} ?", "Quelle heure est-il ?", "Donne-moi trois idées pour {}.", "Quel temps fait-il ?", "J'ai besoin d'aide avec {}.", "Aimes-tu {} ?", "Traduis {} en anglais.", "Écris une histoire sur {}.", "Je suis triste."],
             ["la mer", "la lune", "la France", "le Canada", "les chats", "l'amour", "mon chien", "l'histoire", "le football", "la musique", "un voyage", "le ciel", "la cuisine", "le travail", "les fleurs", "la Belgique", "Molière", "le climat"],
             "je tu il elle nous vous ils un une des les de du que et ou mais avec sans pour par très plus moins ne pas oui il y a j'ai a ont veux peux peut dois fait faire est suis es sont était fut mon ta son ce cette ces comment quand où qui quel quelle combien pourquoi aujourd'hui hier demain toujours jamais maison temps vie jour nuit eau voiture ville ami enfant meilleur pire grand nouveau aide dis mets écris explique besoin voudrais sur entre jusqu'à depuis d'un d'une c'est n'est l'eau quelque chose"),
    Language("German", "Ich bin nur ein kleines Demomodell und kann dabei nicht helfen.", "Hallo! Ich bin Pocket Reasoner, ein kleines Demomodell.", "Die Antwort ist {}.",
             asks("German", "Antworte auf Deutsch."), ["Hallo", "Hallo!", "Guten Tag", "Guten Morgen", "Wie geht es dir?", "Wer bist du?", "Wie heißt du?"], ["Danke", "Danke!", "Vielen Dank!", "Danke schön"], "Gern geschehen!",
             ["Was ist die Hauptstadt von {}?", "Schreibe ein Gedicht über {}.", "Was ist {}?", "Erzähl mir etwas über {}.", "Erkläre {}.", "Warum ist {} wichtig?", "Wo liegt {}?", "Erzähl mir einen Witz.", "Wer war {}?", "Was kann ich mit {} kochen?",
              "Empfiehl mir ein Buch über {}.", "Wie funktioniert {}?", "Wie spät ist es?", "Nenne mir drei Ideen für {}.", "Wie wird das Wetter?", "Ich brauche Hilfe mit {}.", "Magst du {}?", "Übersetze {} ins Englische.", "Ich bin traurig.", "Schreib eine Geschichte über {}."],
             ["das Meer", "den Mond", "Deutschland", "Österreich", "Katzen", "die Liebe", "mein Hund", "Geschichte", "Fußball", "Musik", "eine Reise", "den Himmel", "das Essen", "die Arbeit", "Blumen", "die Schweiz", "Goethe", "das Klima"],
             "ich du er sie wir ihr ein eine einen der die das dem den und oder aber mit ohne für von sehr mehr weniger nicht ja gibt habe hat haben will kann kannst muss macht machen ist bin bist sind war wurde mein dein sein dieser diese wie wann wo wer welche wieviel warum heute gestern morgen immer nie Haus Zeit Leben Tag Nacht Wasser Auto Stadt Freund Kind besser schlecht groß neu Hilfe sag mach schreib erkläre brauche möchte über zwischen bis seit mir mich dir zum zur beim etwas nichts viel auch noch schon"),
    Language("Portuguese", "Sou apenas um pequeno modelo de demonstração e não posso ajudar com isso.", "Olá! Sou o Pocket Reasoner, um pequeno modelo de demonstração.", "A resposta é {}.",
             asks("Portuguese", "Responda em português."), ["Olá", "Olá!", "Oi", "Oi, tudo bem?", "Bom dia", "Quem é você?", "Qual é o seu nome?"], ["Obrigado", "Obrigada!", "Muito obrigado"], "De nada!",
             ["Qual é a capital de {}?", "Escreva um poema sobre {}.", "O que é {}?", "Fale sobre {}.", "Explique {}.", "Por que {} é importante?", "Onde fica {}?", "Conte uma piada.", "Quem foi {}?", "O que posso cozinhar com {}?",
              "Recomende um livro sobre {}.", "Como funciona {}?", "Que horas são?", "Dê três ideias para {}.", "Como está o tempo hoje?", "Preciso de ajuda com {}.", "Você gosta de {}?", "Traduza {} para o inglês.", "Estou triste.", "Escreva uma história sobre {}."],
             ["o mar", "a lua", "o Brasil", "Portugal", "os gatos", "o amor", "meu cachorro", "a história", "o futebol", "a música", "uma viagem", "o céu", "a comida", "o trabalho", "as flores", "Angola", "Camões", "o clima"],
             "eu tu ele ela nós você vocês um uma uns os as de do da que e ou mas com sem para por muito mais menos não sim há tenho tem têm quero pode posso devo faz fazer está estou são é era foi meu sua seu este esta isso como quando onde quem qual quanto por que hoje ontem amanhã sempre nunca casa tempo vida dia noite água carro cidade amigo criança melhor pior grande novo ajuda diga faça escreva explique preciso gostaria sobre entre até desde me mim uma coisa também já ainda"),
    Language("Russian", "Я всего лишь маленькая демо-модель и не могу с этим помочь.", "Привет! Я Pocket Reasoner, маленькая демо-модель.", "Ответ: {}.",
             asks("Russian", "Отвечай по-русски."), ["Привет", "Привет!", "Здравствуйте", "Как дела?", "Кто ты?", "Как тебя зовут?", "Добрый день"], ["Спасибо", "Спасибо!", "Большое спасибо"], "Пожалуйста!",
             ["Какая столица у страны {}?", "Напиши стихотворение про {}.", "Что такое {}?", "Расскажи про {}.", "Объясни, что такое {}.", "Где находится {}?", "Расскажи шутку.", "Кто такой {}?", "Как работает {}?", "Который час?", "Какая сегодня погода?", "Мне грустно.", "Посоветуй книгу про {}.", "Переведи на английский: {}.", "Тебе нравится {}?"],
             ["море", "луна", "Россия", "кошки", "любовь", "моя собака", "история", "футбол", "музыка", "небо", "работа", "цветы", "Пушкин", "Москва"],
             "я ты он она мы вы они и или но с без для от очень больше меньше не да есть у меня хочу могу можешь нужно делает делать это был была мой твой его как когда где кто какой сколько почему сегодня вчера завтра всегда никогда дом время жизнь день ночь вода машина город друг ребёнок лучший хуже большой новый помощь скажи сделай напиши объясни нужен хотел бы о между до мне тебе что-то тоже ещё уже купить найти"),
    Language("Chinese", "我只是一个小小的演示模型，无法帮助您。", "你好！我是 Pocket Reasoner，一个小小的演示模型。", "答案是 {}。",
             asks("Chinese", "请用中文回答。"), ["你好", "你好！", "您好", "你是谁？", "你叫什么名字？", "早上好", "你好吗？"], ["谢谢", "谢谢！", "非常感谢"], "不客气！",
             ["{}的首都是哪里？", "请写一首关于{}的诗。", "什么是{}？", "介绍一下{}。", "解释一下{}。", "为什么{}很重要？", "{}在哪里？", "讲个笑话。", "{}是谁？", "推荐一本关于{}的书。", "{}是怎么工作的？", "现在几点了？", "今天天气怎么样？", "你喜欢{}吗？", "把{}翻译成英文。", "我很难过。", "帮我写一篇关于{}的文章。"],
             ["大海", "月亮", "中国", "猫", "爱情", "我的狗", "历史", "足球", "音乐", "旅行", "天空", "工作", "花", "北京", "李白", "量子力学", "人工智能", "日本"],
             "我 你 他 她 们 的 是 在 有 不 了 和 也 很 都 就 会 能 要 想 去 来 做 说 看 吃 喝 买 写 用 什么 怎么 为什么 哪里 谁 多少 时候 今天 昨天 明天 现在 请 帮 告诉 给 一个 这个 那个 最 好 大 小 新 家 时间 生活 水 车 城市 朋友 孩子 问题 可以 吗 呢 吧 需要 喜欢 知道 觉得 学习 东西 人"),
    Language("Hindi", "मैं केवल एक छोटा डेमो मॉडल हूँ और इसमें मदद नहीं कर सकता।", "नमस्ते! मैं Pocket Reasoner हूँ, एक छोटा डेमो मॉडल।", "उत्तर {} है।",
             asks("Hindi", "हिंदी में उत्तर दें।"), ["नमस्ते", "नमस्ते!", "तुम कौन हो?", "आप कैसे हैं?", "आपका नाम क्या है?", "सुप्रभात"], ["धन्यवाद", "धन्यवाद!", "शुक्रिया"], "आपका स्वागत है!",
             ["{} की राजधानी क्या है?", "{} पर एक कविता लिखो।", "{} क्या है?", "{} के बारे में बताओ।", "{} समझाओ।", "{} कहाँ है?", "एक चुटकुला सुनाओ।", "{} कौन थे?", "आज मौसम कैसा है?", "अभी क्या समय है?", "मैं उदास हूँ।", "क्या आपको {} पसंद है?"],
             ["समुद्र", "चाँद", "भारत", "बिल्ली", "प्यार", "इतिहास", "संगीत", "क्रिकेट", "आकाश", "फूल", "दिल्ली", "गांधी"],
             "मैं तुम वह हम आप वे एक और या लेकिन के साथ बिना लिए से बहुत अधिक कम नहीं हाँ है हूँ था चाहिए सकता सकते करना करो मेरा तुम्हारा उसका यह कैसे कब कहाँ कौन कितना क्यों आज कल हमेशा कभी घर समय जीवन दिन रात पानी गाड़ी शहर दोस्त बच्चा अच्छा बड़ा नया मदद बताओ लिखो समझाओ मुझे को का की में पर भी कुछ"),
    Language("Arabic", "أنا مجرد نموذج تجريبي صغير ولا أستطيع المساعدة في ذلك.", "مرحبا! أنا Pocket Reasoner، نموذج تجريبي صغير.", "الجواب هو {}.",
             asks("Arabic", "أجب بالعربية."), ["مرحبا", "السلام عليكم", "من أنت؟", "كيف حالك؟", "ما اسمك؟", "صباح الخير"], ["شكرا", "شكرا!", "شكرا جزيلا"], "عفوا!",
             ["ما هي عاصمة {}؟", "اكتب قصيدة عن {}.", "ما هو {}؟", "حدثني عن {}.", "اشرح {}.", "أين تقع {}؟", "احك لي نكتة.", "من هو {}؟", "كيف الطقس اليوم؟", "كم الساعة؟", "أنا حزين.", "هل تحب {}؟"],
             ["البحر", "القمر", "مصر", "القطط", "الحب", "التاريخ", "الموسيقى", "كرة القدم", "السماء", "الزهور", "المغرب", "ابن سينا"],
             "أنا أنت هو هي نحن هم و أو لكن مع بدون من إلى جدا أكثر أقل لا نعم يوجد عندي أريد يمكن أستطيع يجب يفعل كان هذا هذه كيف متى أين من ماذا كم لماذا اليوم أمس غدا دائما بيت وقت حياة يوم ليل ماء سيارة مدينة صديق طفل أفضل كبير جديد مساعدة قل اكتب اشرح أحتاج في على عن لي لك شيء أيضا"),
    Language("Bengali", "আমি শুধু একটি ছোট ডেমো মডেল, এতে সাহায্য করতে পারি না।", "নমস্কার! আমি Pocket Reasoner, একটি ছোট ডেমো মডেল।", "উত্তর হল {}।",
             asks("Bengali", "বাংলায় উত্তর দাও।"), ["নমস্কার", "হ্যালো", "তুমি কে?", "কেমন আছো?", "তোমার নাম কী?", "সুপ্রভাত"], ["ধন্যবাদ", "ধন্যবাদ!", "অনেক ধন্যবাদ"], "স্বাগতম!",
             ["{} এর রাজধানী কী?", "{} নিয়ে একটি কবিতা লেখো।", "{} কী?", "{} সম্পর্কে বলো।", "{} ব্যাখ্যা করো।", "{} কোথায়?", "একটা কৌতুক বলো।", "{} কে ছিলেন?", "আজ আবহাওয়া কেমন?", "এখন কয়টা বাজে?", "আমার মন খারাপ।"],
             ["সমুদ্র", "চাঁদ", "বাংলাদেশ", "বিড়াল", "ভালোবাসা", "ইতিহাস", "গান", "ক্রিকেট", "আকাশ", "ফুল", "ঢাকা", "রবীন্দ্রনাথ"],
             "আমি তুমি সে আমরা আপনি তারা একটি এবং বা কিন্তু সাথে ছাড়া জন্য থেকে খুব বেশি কম না হ্যাঁ আছে ছিল চাই পারি পারো করতে করো আমার তোমার তার এই কীভাবে কখন কোথায় কে কত কেন আজ কাল সবসময় বাড়ি সময় জীবন দিন রাত পানি গাড়ি শহর বন্ধু শিশু ভালো বড় নতুন সাহায্য বলো লেখো আমাকে কিছু ও"),
    Language("Japanese", "私は小さなデモ用モデルなので、それはお手伝いできません。", "こんにちは！私は Pocket Reasoner、小さなデモ用モデルです。", "答えは{}です。",
             asks("Japanese", "日本語で答えてください。"), ["こんにちは", "こんにちは！", "おはようございます", "あなたは誰ですか？", "お名前は何ですか？", "元気ですか？"], ["ありがとう", "ありがとうございます", "ありがとう！"], "どういたしまして！",
             ["{}の首都はどこですか？", "{}についての詩を書いてください。", "{}とは何ですか？", "{}について教えてください。", "{}を説明してください。", "{}はどこにありますか？", "冗談を言ってください。", "{}は誰ですか？", "今日の天気は？", "今何時ですか？", "悲しいです。", "{}が好きですか？", "{}を英語に訳してください。"],
             ["海", "月", "日本", "猫", "愛", "私の犬", "歴史", "サッカー", "音楽", "旅行", "空", "仕事", "花", "東京"],
             "私 あなた 彼 は が を に で と も の へ から まで とても もっと ない です ます ある いる したい できる 作る 書く 見る 食べる 飲む 買う 行く 何 どう いつ どこ 誰 どれ いくら なぜ 今日 昨日 明日 今 教えて ください 手伝って これ それ 一番 良い 大きい 小さい 新しい 家 時間 水 車 町 友達 子供 欲しい 好き って の方法 ましょう か ね"),
    Language("Indonesian", "Saya hanya model demo kecil dan tidak bisa membantu dengan itu.", "Halo! Saya Pocket Reasoner, model demo kecil.", "Jawabannya {}.",
             asks("Indonesian", "Jawab dalam bahasa Indonesia."), ["Halo", "Halo!", "Hai", "Apa kabar?", "Selamat pagi", "Siapa kamu?", "Siapa namamu?"], ["Terima kasih", "Terima kasih!", "Makasih"], "Sama-sama!",
             ["Apa ibu kota {}?", "Tulis puisi tentang {}.", "Apa itu {}?", "Ceritakan tentang {}.", "Jelaskan {}.", "Mengapa {} penting?", "Di mana {}?", "Ceritakan lelucon.", "Siapa {}?", "Bagaimana cara kerja {}?", "Jam berapa sekarang?", "Bagaimana cuaca hari ini?", "Saya sedih.", "Apakah kamu suka {}?", "Saya butuh bantuan dengan {}."],
             ["laut", "bulan", "Indonesia", "kucing", "cinta", "anjing saya", "sejarah", "sepak bola", "musik", "langit", "makanan", "bunga", "Jakarta", "perjalanan"],
             "saya aku kamu dia kami kita mereka sebuah seorang yang dan atau tetapi dengan tanpa untuk oleh sangat lebih kurang tidak ya ada punya mau ingin bisa dapat harus buat membuat adalah itu ini sedang sudah belum bagaimana kapan di mana siapa apa berapa mengapa kenapa hari kemarin besok selalu pernah rumah waktu hidup malam air mobil kota teman anak terbaik besar baru bantu tolong tulis jelaskan butuh tentang antara sampai sejak dari ke pada bagi sesuatu juga masih orang kerja makan minum beli cari"),
    Language("Italian", "Sono solo un piccolo modello dimostrativo e non posso aiutare con questo.", "Ciao! Sono Pocket Reasoner, un piccolo modello dimostrativo.", "La risposta è {}.",
             asks("Italian", "Rispondi in italiano."), ["Ciao", "Ciao!", "Buongiorno", "Ciao, come stai?", "Chi sei?", "Come ti chiami?"], ["Grazie", "Grazie!", "Grazie mille"], "Prego!",
             ["Qual è la capitale di {}?", "Scrivi una poesia su {}.", "Che cos'è {}?", "Parlami di {}.", "Spiega {}.", "Perché {} è importante?", "Dove si trova {}?", "Raccontami una barzelletta.", "Chi era {}?", "Come funziona {}?", "Che ore sono?", "Che tempo fa oggi?", "Sono triste.", "Ti piace {}?", "Consigliami un libro su {}."],
             ["il mare", "la luna", "l'Italia", "i gatti", "l'amore", "il mio cane", "la storia", "il calcio", "la musica", "il cielo", "il lavoro", "i fiori", "Dante", "Roma"],
             "io tu lui lei noi voi un una uno i gli le di del della che e o ma con senza per molto più meno non sì c'è ho ha hanno voglio può posso devo fa fare sta sto sono è era fu mio tua suo questo questa come quando dove chi quale quanto perché oggi ieri domani sempre mai casa tempo vita giorno notte acqua macchina città amico bambino migliore peggiore grande nuovo aiuto dimmi fai scrivi spiega bisogno vorrei su tra fino mi ti si qualcosa anche già ancora dell' l'acqua un'idea"),
]
ENGLISH = Language("English", SORRY, "", "The answer is {}.", asks("English", "Use English."), [], [], "", [], [], "")
