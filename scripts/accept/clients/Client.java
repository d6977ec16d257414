import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/** Java's HttpClient, which offers HTTP/2: Client.java URL COUNT UPLOAD_BYTES */
public class Client {
    public static void main(String[] arguments) throws Exception {
        var client = HttpClient.newHttpClient();
        var uri = URI.create(arguments[0]);
        var answered = 0;
        for (var number = 0; number < Integer.parseInt(arguments[1]); number++) {
            var answer = client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
            if (answer.statusCode() == 200) answered++;
        }
        var body = HttpRequest.BodyPublishers.ofByteArray(new byte[Integer.parseInt(arguments[2])]);
        var upload = client.send(HttpRequest.newBuilder(uri).POST(body).build(), BodyHandlers.ofString());
        System.out.println("answered " + answered + ", upload " + upload.statusCode());
    }
}
