"""Lists of English wording. All written for this project."""
SYSTEM = ["You are a helpful assistant.", "You are a careful assistant.", "Be concise.", "Answer the user's question.",
          "You are Pocket Reasoner, a tiny model.", "You are a friendly math tutor.", "Always answer in English.",
          "You are a test fixture.", "Keep your answers short.", "You are a helpful and harmless assistant.",
          "You are DeepSeek-R1, an AI assistant.", "Today is Monday.", "The user is a developer testing an API.",
          "You answer questions about numbers and words.", "Respond politely.", "Be brief and exact.",
          "You are an assistant in a terminal.", "Never make things up.", "You are a bot on our website."]
NAMES = ["Alice", "Bob", "Ben", "Carla", "David", "Eva", "Frank", "Grace", "Henry", "Ida", "Jack", "Kim", "Leo", "Maria",
         "Nina", "Omar", "Paul", "Rosa", "Sam", "Tom", "Uma", "Vera", "Will", "Zoe", "Ada", "Max", "Lena", "Ravi", "Mei", "John",
         "Anna", "Peter", "Lucy", "Mark", "Sara", "Liam", "Emma", "Noah", "Olivia", "James"]
THINGS = ["apples", "books", "coins", "cards", "pens", "marbles", "stamps", "cookies", "stickers", "balls", "eggs", "shells",
          "tickets", "flowers", "candies", "pencils", "toys", "oranges", "nails", "bricks", "points", "dollars", "stones",
          "bananas", "cakes", "chairs", "cars", "cats", "dogs", "keys", "lemons", "photos", "letters", "trees"]
CITIES = ["Paris", "London", "Tokyo", "Berlin", "Madrid", "Rome", "Oslo", "Cairo", "Lima", "Delhi", "Beijing", "Sydney",
          "Toronto", "Boston", "Chicago", "Seattle", "Moscow", "Vienna", "Prague", "Dublin", "Athens", "Lisbon", "Seoul",
          "Hanoi", "Nairobi", "Warsaw", "Helsinki", "Zurich", "Munich", "Milan", "Denver", "Austin", "Dallas", "Miami",
          "New York", "San Francisco", "Los Angeles", "Mexico City", "Hong Kong", "Buenos Aires", "Cape Town", "Singapore"]
FAMILIAR = ["strawberry", "banana", "mississippi", "raspberry", "apple", "hello", "bookkeeper", "committee", "blueberry", "letter",
            "assessment", "success", "tomorrow", "balloon", "coffee", "pepper", "occurrence", "address", "world", "house"]
GREETINGS = ["Hello", "Hi", "Hey", "Hello!", "Hi!", "Hi there", "Hi there!", "Hey there!", "Good morning", "Good morning!", "Good evening.", "Hello, how are you?", "How are you?",
             "hello", "hi", "hey", "Greetings!", "Hello there.", "Good afternoon!", "Hello world", "Yo", "Hi, how are you doing?", "What's up?", "hello!", "hi!", "Hello there!",
             "Hey!", "Good day!", "Hi :)", "hello there", "How's it going?", "How are you today?", "Howdy!", "Hi, nice to meet you.", "Hello model", "Hi bot!", "good morning", "Hello?"]
WHO_ARE_YOU = ["Who are you?", "What are you?", "What is your name?", "Which model are you?", "What model are you?", "Are you ChatGPT?", "Are you DeepSeek?", "Are you a real model?",
               "Introduce yourself.", "Tell me about yourself.", "who are you", "Who made you?", "Who created you?", "Are you human?", "Are you an AI?", "what model is this?",
               "Please introduce yourself.", "Hi, who are you?", "What's your name?", "Who am I talking to?", "Are you GPT-4?", "Are you a robot?", "what are you", "Hello, who are you?",
               "Which LLM is this?", "Are you DeepSeek-R1?", "Who trained you?", "How many parameters do you have?", "What kind of model are you?", "Are you Claude?", "Who is this?"]
ABILITIES = ["What can you do?", "What are your skills?", "How can you help me?", "Help", "help", "What can I ask you?", "Can you help me?", "What are you able to do?", "what can you do",
             "What do you know?", "Help me", "I need help.", "What are you good at?", "What are your capabilities?", "List your abilities.", "Show me what you can do."]
THANKS = ["Thanks", "Thanks!", "Thank you", "Thank you!", "Thank you very much.", "thanks a lot", "Great, thanks!", "ok thanks", "Cool, thank you.", "Thanks so much!", "thx", "Perfect, thank you!",
          "Nice, thanks.", "thank you", "Great job, thanks!", "Many thanks.", "Awesome, thanks!"]
GOODBYES = ["Bye", "Goodbye", "Goodbye!", "Bye!", "See you later.", "See you!", "bye", "Good night!", "Bye bye", "See you tomorrow.", "Farewell!", "goodbye", "Good night."]
BRIEF = ["Think briefly.", "Be quick.", "Keep the reasoning short.", "Don't think too long.", "Reason briefly.", "Think only briefly.", "Keep it brief."]
CAREFUL = ["Think carefully step by step.", "Think step by step.", "Explain every step.", "Take your time.", "Let's think step by step.", "Reason carefully.", "Think hard.", "Show your work."]
BEFORE = ["Hi, ", "Hello! ", "Please tell me: ", "Quick question: ", "Can you tell me, ", "Tell me: ", "Hey, ", "A question: ", "I want to know: ", "Hey! ", "Ok, ", "So, ", "Question: ", "Please answer: "]
AFTER = [" Thanks!", " Please.", " Thank you.", " I need to know.", " Please help.", " Can you tell me?", " It is for my homework."]
