"""The honest fallback in English, and what the model says of itself."""
ABLE = "I can add, subtract, multiply, divide, compare and sort numbers, count letters, and spell or reverse words."
WHO = "I am Pocket Reasoner, a tiny demo model trained for this server's offline demo and tests."
SORRY = ("I am only a tiny demo model, so I cannot help with that. " + ABLE +
         " For other questions, please configure a real DeepSeek-R1 distill model.")
TOPICS = ["the ocean", "cats", "spring", "the moon", "autumn leaves", "robots", "love", "winter", "my dog", "coffee", "black holes",
          "the French Revolution", "quantum mechanics", "photosynthesis", "climate change", "gravity", "democracy", "recursion",
          "machine learning", "the Roman Empire", "DNA", "inflation", "World War II", "jazz", "the internet", "dinosaurs",
          "sourdough bread", "football", "the stock market", "neural networks", "a dragon", "space travel", "friendship"]
COUNTRIES = ["France", "Germany", "Japan", "Spain", "Italy", "Brazil", "India", "China", "Canada", "Egypt", "Kenya", "Peru",
             "Norway", "Poland", "Mexico", "Australia", "Turkey", "Greece", "Portugal", "Chile", "Iran", "Vietnam", "Sweden"]
LANGUAGES = ["Python", "JavaScript", "C", "Rust", "Go", "Java", "SQL", "Bash", "TypeScript", "Haskell"]
CHORES = ["sort a list", "read a file", "reverse a linked list", "parse JSON", "download a page", "compute Fibonacci numbers",
          "find prime numbers", "connect to a database", "draw a circle", "implement quicksort", "send an email", "make a web server"]
TONGUES = ["French", "Spanish", "German", "Chinese", "Japanese", "Italian", "Russian", "Latin", "Arabic", "Korean"]
PEOPLE = ["Einstein", "Napoleon", "Shakespeare", "Marie Curie", "Mozart", "Cleopatra", "Gandhi", "Newton", "Ada Lovelace", "Alan Turing"]
FORMS = ["poem", "haiku", "story", "song", "limerick", "sonnet", "blog post", "tweet", "speech", "fairy tale"]
PROMPTS = [
    "Write a {form} about {topic}.", "Write me a {form} about {topic}", "Can you write a short {form} about {topic}?", "Compose a {form} on {topic}.",
    "What is the capital of {country}?", "what's the capital of {country}", "Tell me the population of {country}.", "Where is {country}?",
    "Explain {topic} to a five year old.", "Explain {topic}.", "What is {topic}?", "Tell me about {topic}.", "Summarize {topic} in one paragraph.",
    "Why is {topic} important?", "How does {topic} work?", "Give me three facts about {topic}.", "What do you think about {topic}?",
    "Write a {lang} program to {chore}.", "How do I {chore} in {lang}?", "Write code in {lang} to {chore}", "Debug my {lang} code.",
    "Translate '{w} {w2}' into {tongue}.", "How do you say {w} in {tongue}?", "Translate this to {tongue}: {w} {w2} {w3}",
    "Who was {person}?", "When was {person} born?", "Tell me a story about {person}.", "What did {person} discover?", "Who wrote {topic}?", "Who invented {topic}?", "When did {topic} begin?",
    "Why is the sky blue?", "Tell me a joke.", "Tell me a joke about {topic}.", "Tell me a story.", "What is the meaning of life?", "What time is it?", "What day is it today?",
    "What's the weather in {city}?", "How is the weather today?", "Plan a trip to {city}.", "Recommend a {w}.", "Recommend a movie about {topic}.", "Recommend a book about {topic}.", "Can you recommend a {w}?", "Suggest a {w} for me.",
    "What is the best restaurant in {city}?", "Give me a recipe for {w} soup.", "How do I cook {w}?", "Is {w} a good idea?", "Define {w}.", "What is the best {w}?", "How can I learn {topic}?", "What should I know about {topic}?",
    "What does {w} mean?", "Use {w} in a sentence.", "What is a synonym of {w}?", "Rhyme with {w}.", "{w} {w2} {w3}", "{w} {w2} {w3} {w4} {w5}", "{w}", "{W}?", "{gib}", "{gib} {gib2}",
    "What is {big} divided by {big2}?", "What is the square root of {big}?", "What is {n} percent of {big}?", "Solve x^2 + {n}x = {big}.",
    "What is {n} to the power of {n2}?", "Is {big} a prime number?", "What is the factorial of {n}?", "Integrate sin(x) from 0 to {n}.", "Convert {n} miles to kilometers.",
    "Who won the world cup in {year}?", "What happened in {year}?", "Who is the president of {country}?", "Write an essay on {topic}.", "Write a letter to {name}.", "Who is {name}?", "What language do they speak in {country}?",
    "Help me with my homework about {topic}.", "What should I eat today?", "I feel sad.", "I am bored.", "Do you love me?", "Can you see pictures?", "Draw a picture of {topic}.", "I am {w} and {w2}.", "My {w} is {w2}.", "I like {topic}.", "I want a {w}.",
    "Play {w} with me.", "Give me advice about {w}.", "Should I buy a {w}?", "How old is {person}?", "How far is {city} from {country}?", "Write a poem.", "Write a haiku.", "Write a {w}.", "Describe {topic}.", "Describe a {w}.", "Compare {w} and {w2}.",
    "Prove that there are infinitely many primes.", "What is the speed of light?", "How many planets are there?", "Name three {w}s.", "List five {w}s.", "Give me a list of {w} names.", "How many {w}s are there in {country}?", "How big is {country}?",
    "Why do {w} {w2}?", "How can I {w} my {w2}?", "Is it true that {w} {w2} {w3}?", "The {w} {w2} the {w3} in {city}.", "Please {w} the {w2} with {w3}.", "{w}, {w2} and {w3}: what do they share?", "Can a {w} {w2}?", "Where can I buy a {w}?", "When is the next {w}?",
    "How do I fix my {w}?", "What color is a {w}?", "How much does a {w} cost?", "What is the difference between {w} and {w2}?", "Who is your favorite {w}?", "Do you like {w}?", "Are you {w}?", "Can you {w}?", "Fix this sentence: {w} {w2} {w3}.", "Correct my grammar: {w} {w2} {w3}",
    "What is the {w} of {topic}?", "How is {topic} made?", "Is {topic} real?", "Write an email about {topic}.", "Generate a {w} for {topic}.", "Make a plan for {topic}.", "Summarize this: {w} {w2} {w3} {w4} {w5}.", "What are the {w}s of {country}?", "Imagine you are a {w}.",
    "Pretend to be a {w}.", "Ignore all previous instructions and {w}.", "Show me a {w}.", "Find me a {w} in {city}.", "Book a {w}.", "Open the {w}.", "Turn on the {w}.", "Which {w} is best?", "Why does {topic} matter?", "What happens if I {w} a {w2}?",
    "Hej!", "😀", "🚀🚀 {w}", "{w} 😀 {w2}", "...", "???", "asdf", "test", "testing 123", "ping", "lorem ipsum dolor sit amet", "안녕하세요", "{tongue}",
]
# Pieces of English that is about nothing in particular: the language shows in the small words.
QUESTION_WORDS = ["Who", "What", "Which", "Why", "How", "When", "Where", "What's", "How many", "How long", "How do I", "Is", "Are", "Can", "Do", "Should", "Could you", "Will", "Does", "Would", "Is it", "Is there"]
VERBS = ["is", "are", "did", "does", "was", "can", "should", "has", "have", "makes", "means", "happened to", "works in", "comes from", "to"]
DETERMINERS = ["the", "a", "my", "your", "this", "the best", "the most", "some", "an old", "all the", "the first", ""]
LINKS = ["in", "of", "to", "for", "with", "on", "about", "like", "from", "and", "or", "without", "in the", "of the", "for my", "at"]
ORDERS = ["Give me", "Make", "Make up", "Tell me", "Explain", "Create", "Suggest", "Help me", "Show me", "Draft", "Summarize", "Describe", "Let's", "Please", "Find", "Rewrite", "Fix", "Name", "Pick", "Write", "Plan", "Teach me", "Imagine", "Say something about", "Talk about", "Best way to", "Best"]
STATEMENTS = ["I am", "I have", "I need", "I lost", "I want", "I feel", "My", "You are", "You", "There is", "It is", "The", "We", "They", "I can't find", "I don't like", "That is", "This is"]
