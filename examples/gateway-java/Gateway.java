// A back-end for <card-pin>, in Java 17 without packages: `java Gateway.java`.
import com.sun.net.httpserver.*;
import java.net.*;
import java.net.http.*;
import java.util.*;
import java.util.regex.*;
public class Gateway {
    static final Map<String, String> ENV = System.getenv();
    static final String ENFUCE = ENV.getOrDefault("ENFUCE", "http://127.0.0.1:8080");
    static final String LOGIN = ENV.getOrDefault("ENFUCE_USER", "sandbox") + ":" + ENV.getOrDefault("ENFUCE_PASSWORD", "sandbox");
    record Answer(int status, String body) {}
    /** Nothing is sent twice, no redirect is followed, and a late answer is a failure. */
    static Answer enfuce(String path, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(ENFUCE + path + "?auditUser=gateway")).timeout(java.time.Duration.ofSeconds(8));
        request.headers("authorization", "Basic " + Base64.getEncoder().encodeToString(LOGIN.getBytes()), "content-type", "application/json");
        if (body != null) request.POST(HttpRequest.BodyPublishers.ofString(body));
        var answer = HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
        // A wrong password here (401) is not the customer's fault.
        return new Answer(answer.statusCode() == 401 ? 502 : answer.statusCode(), answer.body());
    }
    /** The `id` of the first object that has `text` in it. Java has no JSON: put your own parser here. */
    static String id(Answer answer, String text) throws Exception {
        var objects = Pattern.compile("\\{(?:[^{}]|\\{[^{}]*\\})*\\}").matcher(answer.body).results().map(MatchResult::group);
        var id = Pattern.compile("\"id\"\\s*:\\s*\"([\\w-]+)\"").matcher(objects.filter(object -> object.contains(text)).findFirst().orElse(""));
        if (answer.status >= 300 || !id.find()) throw new Exception("Enfuce answered with " + answer.status + ", or without an id");
        return id.group(1);
    }
    /** The card of the customer who is signed in: put your own sign-in here. Only the sandbox gives a new card to anybody. */
    static Optional<String> cardOf(HttpExchange exchange) throws Exception {
        if (!URI.create(ENFUCE).getHost().equals("127.0.0.1")) return Optional.empty();
        return Optional.of(id(enfuce("/card/v4/MC_CARD/customer/1/account/1/MAIN", "{\"pinStatus\": \"W\"}"), ""));
    }
    static Answer controlId(HttpExchange exchange) throws Exception {
        var card = cardOf(exchange);
        if (card.isEmpty()) return new Answer(401, "");
        var plastic = id(enfuce("/card/v3/" + card.get() + "/plastic", null), "\"INACTIVE\"");
        return new Answer(200, id(enfuce("/pincontrol/v2/plastic/" + plastic, "{\"scope\": \"SET_PIN\"}"), ""));
    }
    static Answer passOn(HttpExchange exchange) throws Exception {
        var path = Map.of("/pin/tzpk", "/pin/v3/set/tzpk", "/pin/set", "/pin/v3/set").get(exchange.getRequestURI().getPath());
        var body = exchange.getRequestBody().readNBytes(65537);
        if (path == null || body.length > 65536) return new Answer(path == null ? 404 : 413, "");
        var type = exchange.getRequestHeaders().getFirst("Content-Type");
        return "application/json".equals(type) ? enfuce(path, new String(body)) : new Answer(415, "");
    }
    public static void main(String[] arguments) throws Exception {
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(ENV.getOrDefault("PORT", "3000"))), 0);
        server.createContext("/", exchange -> {
            boolean isControlId = "POST /my/control-id".equals(exchange.getRequestMethod() + " " + exchange.getRequestURI());
            var answer = new Answer(502, ""); // whether a PIN is set is not known where no answer comes: 502 says so
            try { answer = isControlId ? controlId(exchange) : passOn(exchange); } catch (Exception failed) { System.err.println(failed); }
            exchange.getResponseHeaders().putAll(Map.of("Cache-Control", List.of("no-store"), "Content-Type", List.of("application/json")));
            exchange.sendResponseHeaders(answer.status, 0);
            try (var out = exchange.getResponseBody()) { out.write(answer.body.getBytes()); }
        });
        server.setExecutor(java.util.concurrent.Executors.newCachedThreadPool());
        server.start();
    }
}
