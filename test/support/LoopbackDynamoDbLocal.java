import java.lang.reflect.Field;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * Runs DynamoDB Local on 127.0.0.1 only (its own command line can but listen on every address), on a free port, which it
 * prints as `port <number>`, and ends at the end of its standard input, so that it never outlives the test run.
 */
public class LoopbackDynamoDbLocal {
    public static void main(String[] args) throws Exception {
        String[] options = {"-inMemory", "-disableTelemetry", "-port", "8000"};
        DynamoDBProxyServer proxy = ServerRunner.createServerFromCommandLineArgs(options);
        Field field = DynamoDBProxyServer.class.getDeclaredField("server");
        field.setAccessible(true);
        ServerConnector connector = (ServerConnector) ((Server) field.get(proxy)).getConnectors()[0];
        connector.setHost("127.0.0.1");
        connector.setPort(0);
        proxy.start();
        System.out.println("port " + connector.getLocalPort());
        while (System.in.read() >= 0) {}
        Runtime.getRuntime().halt(0);
    }
}
