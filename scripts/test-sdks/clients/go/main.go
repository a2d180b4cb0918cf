// The official Go client: the cells of harness.mjs, one printed line each.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"
)

const (
	clientName = "openai-go"
	model      = "pocket-reasoner"
	sum        = "What is 17+25?"
	sumAsJSON  = "What is 17+25? Reply in JSON with the key \"result\"."
	weather    = "What is the weather in Paris?"
	toolResult = "sunny, 21 C"
)

var (
	url      = os.Getenv("RETORT_URL")
	key      = os.Getenv("RETORT_KEY")
	ctx      = context.Background()
	client   = openai.NewClient(option.WithBaseURL(url), option.WithAPIKey(key))
	stranger = openai.NewClient(option.WithBaseURL(url), option.WithAPIKey("sk-wrong"))
	object   = map[string]any{
		"type":                 "object",
		"properties":           map[string]any{"result": map[string]any{"type": "integer"}},
		"required":             []string{"result"},
		"additionalProperties": false,
	}
)

func ask(content string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model:       model,
		Temperature: openai.Float(0),
		Messages:    []openai.ChatCompletionMessageParamUnion{openai.UserMessage(content)},
	}
}

func expect(right bool, format string, values ...any) error {
	if right {
		return nil
	}
	return fmt.Errorf(format, values...)
}

func isSum(text string) error {
	return expect(strings.Contains(text, "42") && !strings.Contains(text, "think>"), "not the sum: %q", text)
}

func whole() (string, error) {
	completion, err := client.Chat.Completions.New(ctx, ask(sum))
	if err != nil {
		return "", err
	}
	if completion.Usage.CompletionTokens == 0 {
		return "", errors.New("no usage")
	}
	return "", isSum(completion.Choices[0].Message.Content)
}

func streamed() (string, error) {
	params := ask(sum)
	params.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)}
	stream := client.Chat.Completions.NewStreaming(ctx, params)
	all := openai.ChatCompletionAccumulator{}
	for stream.Next() {
		if !all.AddChunk(stream.Current()) {
			return "", errors.New("the accumulator refused a chunk")
		}
	}
	if stream.Err() != nil {
		return "", stream.Err()
	}
	if all.Usage.CompletionTokens == 0 {
		return "", errors.New("no usage")
	}
	return "", isSum(all.Choices[0].Message.Content)
}

func reasoning() (string, error) {
	completion, err := client.Chat.Completions.New(ctx, ask(sum))
	if err != nil {
		return "", err
	}
	thought := completion.Choices[0].Message.JSON.ExtraFields["reasoning_content"].Raw()
	if len(thought) < 10 {
		return "", fmt.Errorf("no thought: %q", thought)
	}
	stream := client.Chat.Completions.NewStreaming(ctx, ask(sum))
	pieces := 0
	for stream.Next() {
		if choices := stream.Current().Choices; len(choices) > 0 {
			if _, found := choices[0].Delta.JSON.ExtraFields["reasoning_content"]; found {
				pieces++
			}
		}
	}
	return "", errors.Join(stream.Err(), expect(pieces > 0, "no thought in the stream"))
}

func tools() (string, error) {
	params := ask(weather)
	params.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
		Name: "get_weather",
		Parameters: shared.FunctionParameters{
			"type":       "object",
			"properties": map[string]any{"city": map[string]any{"type": "string"}},
			"required":   []string{"city"},
		},
	})}
	completion, err := client.Chat.Completions.New(ctx, params)
	if err != nil {
		return "", err
	}
	message := completion.Choices[0].Message
	if len(message.ToolCalls) != 1 {
		return "", fmt.Errorf("no call: %s", message.RawJSON())
	}
	call := message.ToolCalls[0]
	var arguments struct{ City string }
	if err := json.Unmarshal([]byte(call.Function.Arguments), &arguments); err != nil {
		return "", err
	}
	if call.Function.Name != "get_weather" || arguments.City != "Paris" {
		return "", fmt.Errorf("the wrong call: %s", call.RawJSON())
	}
	params.Messages = append(params.Messages, message.ToParam(), openai.ToolMessage(toolResult, call.ID))
	answer, err := client.Chat.Completions.New(ctx, params)
	if err != nil {
		return "", err
	}
	text := answer.Choices[0].Message.Content
	if !strings.Contains(text, toolResult) {
		return "", fmt.Errorf("not the tool's result: %q", text)
	}
	return "", streamedCall(params)
}

func streamedCall(params openai.ChatCompletionNewParams) error {
	params.Messages = params.Messages[:1]
	stream := client.Chat.Completions.NewStreaming(ctx, params)
	all := openai.ChatCompletionAccumulator{}
	for stream.Next() {
		if !all.AddChunk(stream.Current()) {
			return errors.New("the accumulator refused a chunk")
		}
		if call, isWhole := all.JustFinishedToolCall(); isWhole {
			return expect(call.Name == "get_weather" && strings.Contains(call.Arguments, "Paris"), "%+v", call)
		}
	}
	return errors.Join(stream.Err(), errors.New("no call in the stream"))
}

func structured() (string, error) {
	params := ask(sumAsJSON)
	params.ResponseFormat = openai.ChatCompletionNewParamsResponseFormatUnion{
		OfJSONSchema: &shared.ResponseFormatJSONSchemaParam{
			JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: "sum", Schema: object, Strict: openai.Bool(true)},
		},
	}
	completion, err := client.Chat.Completions.New(ctx, params)
	if err != nil {
		return "", err
	}
	var made struct{ Result int }
	if err := json.Unmarshal([]byte(completion.Choices[0].Message.Content), &made); err != nil {
		return "", err
	}
	return "", expect(made.Result == 42, "not the sum: %d", made.Result)
}

func askResponses() responses.ResponseNewParams {
	return responses.ResponseNewParams{
		Model:       model,
		Temperature: openai.Float(0),
		Input:       responses.ResponseNewParamsInputUnion{OfString: openai.String(sum)},
	}
}

func responsesWhole() (string, error) {
	response, err := client.Responses.New(ctx, askResponses())
	if err != nil {
		return "", err
	}
	return "", isSum(response.OutputText())
}

func responsesStreamed() (string, error) {
	stream := client.Responses.NewStreaming(ctx, askResponses())
	text, last := "", ""
	for stream.Next() {
		event := stream.Current()
		last = event.Type
		if event.Type == "response.output_text.delta" {
			text += event.Delta
		}
	}
	if stream.Err() != nil {
		return "", stream.Err()
	}
	return "", errors.Join(isSum(text), expect(last == "response.completed", "the last event is %s", last))
}

func refused(err error, status int, code string) (string, error) {
	var told *openai.Error
	if !errors.As(err, &told) {
		return "", fmt.Errorf("not refused as expected: %v", err)
	}
	return "", expect(told.StatusCode == status && told.Code == code, "%d %s", told.StatusCode, told.Code)
}

func wrongKey() (string, error) {
	_, err := stranger.Chat.Completions.New(ctx, ask(sum))
	return refused(err, 401, "invalid_api_key")
}

func unknownModel() (string, error) {
	params := ask(sum)
	params.Model = "nobody"
	_, err := client.Chat.Completions.New(ctx, params)
	return refused(err, 404, "model_not_found")
}

func tooLong() (string, error) {
	_, err := client.Chat.Completions.New(ctx, ask(strings.Repeat("7 ", 5000)))
	return refused(err, 400, "context_length_exceeded")
}

func busySlots() (int, error) {
	request, err := http.NewRequest("GET", strings.TrimSuffix(url, "/v1")+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("authorization", "Bearer "+key)
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		return 0, err
	}
	busy, seen := 0, false
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "retort_slots_busy{") {
			var count int
			_, err := fmt.Sscan(line[strings.LastIndex(line, " ")+1:], &count)
			if err != nil {
				return 0, err
			}
			busy, seen = busy+count, true
		}
	}
	return busy, expect(seen, "no busy count in /metrics")
}

func abort() (string, error) {
	params := ask(sum)
	params.MaxTokens = openai.Int(3500)
	params.LogitBias = map[string]int64{"754": -100}
	cancellable, cancel := context.WithCancel(ctx)
	defer cancel()
	stream := client.Chat.Completions.NewStreaming(cancellable, params)
	for seen := 0; seen < 5; seen++ {
		if !stream.Next() {
			return "", fmt.Errorf("the stream ended after %d pieces: %w", seen, stream.Err())
		}
	}
	if busy, err := busySlots(); err != nil || busy != 1 {
		return "", fmt.Errorf("busy slots while it streams: %d %w", busy, err)
	}
	cancel()
	cancelled := time.Now()
	for {
		busy, err := busySlots()
		if err != nil {
			return "", err
		}
		if busy == 0 {
			return fmt.Sprintf("slot free after %d ms", time.Since(cancelled).Milliseconds()), nil
		}
		if time.Since(cancelled) > 2*time.Second {
			return "", errors.New("the slot is busy two seconds after the abort")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func tell(line map[string]string) {
	line["client"] = clientName
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}

func main() {
	version := "unknown"
	if info, found := debug.ReadBuildInfo(); found {
		for _, module := range info.Deps {
			if strings.HasPrefix(module.Path, "github.com/openai/openai-go") {
				version = module.Version
			}
		}
	}
	tell(map[string]string{"version": strings.TrimPrefix(version, "v") + ", Go " + strings.TrimPrefix(runtime.Version(), "go")})
	for _, cell := range []struct {
		name string
		run  func() (string, error)
	}{
		{"whole", whole},
		{"streamed", streamed},
		{"reasoning", reasoning},
		{"tools", tools},
		{"structured", structured},
		{"responses", responsesWhole},
		{"responses streamed", responsesStreamed},
		{"wrong key", wrongKey},
		{"unknown model", unknownModel},
		{"too long", tooLong},
		{"abort", abort},
	} {
		note, err := cell.run()
		if err != nil {
			tell(map[string]string{"cell": cell.name, "state": "failed", "note": err.Error()})
			continue
		}
		tell(map[string]string{"cell": cell.name, "state": "ok", "note": note})
	}
}
